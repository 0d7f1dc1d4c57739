/**
 * How an approval looks to the person who votes: everything that will run, untruncated and in canonical order; why it waits;
 * what came before; what follows from a yes and from a no. Texts of others stand in quotes, so that none poses as a line of ours.
 */
import type { ApprovalView, GlassBroken } from '@countersign/contracts/approval';
import type { MadeOffer } from '@countersign/contracts/counter-offer';
import type { Decision, Finding } from '@countersign/contracts/decision';
import { fieldAt } from '@countersign/contracts/field-path';
import type { DelegationView } from '@countersign/contracts/http';
import type { JobView } from '@countersign/contracts/job';
import { printableJson, unseenIn } from '@countersign/contracts/printable';
import { canonicalize, type JsonValue } from '@countersign/ledger/canonical-json';
import { list } from './show.ts';

/** `decision`, `before`: what else this credential may see; left out what it may not. */
export type Question = {
  approval: ApprovalView;
  decision?: Decision | undefined;
  before?: readonly JobView[] | undefined;
  /** Which of the requester's runs those jobs are of; null when the job names none. */
  run?: string | null | undefined;
};

export function showQuestions(approvals: readonly ApprovalView[]): string {
  return approvals.map(questionRow).join('\n');
}

export function showQuestion({ approval, decision, before, run }: Question): string {
  const parts = [
    standing(approval),
    because(approval, decision),
    allowed(approval, decision),
    earlier(approval, before, run),
    follows(approval),
  ];
  return [...parts, willRun(approval), `digest  ${approval.digest}`].join('\n\n');
}

export function showDelegations(lent: readonly DelegationView[]): string {
  if (lent.length === 0) return 'none';
  return lent
    .map((each) => `${each.delegation_id}  ${each.votes_in}  ${each.principal} -> ${each.to}  until ${each.expires_at}`)
    .join('\n');
}

function questionRow(approval: ApprovalView): string {
  const { approval_id, state, topic, requester, expires_at, waiting, stages } = approval;
  const asks = waiting && `stage ${waiting.stage + 1} of ${stages.length}: ${waiting.groups.join(' or ')}`;
  const until = state === 'open' ? `until ${expires_at}` : null;
  return [approval_id, state, asks, until, topic, requester, quoted(approval.reason)].filter(Boolean).join('  ');
}

function standing(approval: ApprovalView): string {
  const { waiting, stages = [] } = approval;
  const asked = waiting && `${waiting.groups.join(' or ')} (stage ${waiting.stage + 1} of ${stages.length})`;
  return list({
    approval_id: approval.approval_id,
    state: approval.state,
    'waits for': asked,
    stages: stages.map(({ group, count }) => `${count} of ${group}`).join(', then '),
    votes: approval.votes.map(voteLine).join('; '),
    opened_at: approval.opened_at,
    expires_at: approval.expires_at,
    superseded_by: approval.superseded_by,
    escalates: approval.escalate && escalation(approval),
    'may grant alone': approval.break_glass?.group,
    'granted alone': approval.glass_broken && alone(approval.glass_broken),
    'may be given for several': approval.grant && several(approval),
    'by the grant': approval.by_grant,
    'use of it': approval.grant_use,
    'offered instead': approval.counter_offer && instead(approval.counter_offer),
    carried_from: approval.carried_from,
    withdrawn_by: approval.withdrawn_by,
    withdrawn_because: quoted(approval.withdrawn_because),
    job_id: approval.job_id,
    topic: approval.topic,
    requester: approval.requester,
    owner: approval.owner,
    on_behalf_of: approval.on_behalf_of,
  });
}

function escalation({ escalate, escalated_at }: ApprovalView): string {
  const { to, after_ms } = escalate!;
  return escalated_at === null ? `to ${to} after ${after_ms / 1000} s` : `to ${to} since ${escalated_at}`;
}

/** With the values that this job has in the fields which all others must share. */
function several({ grant, effective }: ApprovalView): string {
  const { max_uses, max_minutes, same } = grant!;
  const valueIn = (field: string): string =>
    effective === null ? '' : ` = ${printableJson(fieldAt(field, effective) ?? null)}`;
  const alike = same.map((field) => `${field}${valueIn(field)}`).join(', ');
  return `up to ${max_uses} jobs within ${max_minutes} min (--uses, --minutes), all of this requester, topic and capability, with ${alike}; everything else in them may differ`;
}

function instead({ offered_by, reason, change }: MadeOffer): string {
  return `by ${offered_by}: ${quoted(reason)}; ${printableJson(change)}`;
}

function alone({ used_by, reason, reviewed_by, review }: GlassBroken): string {
  const signed = reviewed_by === null ? 'NOT REVIEWED' : `reviewed by ${reviewed_by} ${quoted(review) ?? ''}`;
  return `by ${used_by}: ${quoted(reason)}; ${signed}`;
}

function voteLine({ voter, delegated_by, vote, comment, grant }: ApprovalView['votes'][number]): string {
  const whose = delegated_by == null ? '' : ` for ${delegated_by}`;
  const many = grant == null ? '' : ` for ${grant.uses} jobs within ${grant.minutes} min`;
  return `${voter}${whose}: ${vote}${many}${comment == null ? '' : ` ${quoted(comment)}`}`;
}

function because(approval: ApprovalView, decision: Decision | undefined): string {
  return list({
    'why it waits': quoted(approval.reason),
    rule: approval.rule_id ?? 'the default decision',
    'also matched': decision?.matched_rules?.filter((rule) => rule !== approval.rule_id).join(', '),
    findings: decision && (decision.findings.map(findingLine).join('; ') || 'none'),
    'on its word': decision?.asserted?.join(', '),
    policy: `version ${approval.policy_version}, ${approval.policy_snapshot}`,
  });
}

/** Type, place and count; what was matched is kept by nobody. */
function findingLine({ type, place, severity, count }: Finding): string {
  return `${type} at ${place} (${severity}, ${count}x)`;
}

function allowed(approval: ApprovalView, decision: Decision | undefined): string {
  const { approval: _, ...obligations } = decision?.obligations ?? {};
  const constraints = approval.effective?.constraints ?? {};
  return list({
    constraints: Object.keys(constraints).length === 0 ? 'none' : constraints,
    attempts: approval.max_attempts,
    obligations: Object.keys(obligations).length === 0 ? null : obligations,
  });
}

function earlier({ requester, last_granted }: ApprovalView, before: Question['before'], run: Question['run']): string {
  const lines = (before ?? []).map((job) => `  ${job.created_at}  ${job.state}  ${job.topic}  ${job.job_id}`);
  const last =
    last_granted == null
      ? 'never'
      : `${last_granted.closed_at} by ${last_granted.voters.join(', ')} (approval ${last_granted.approval_id})`;
  const when = run == null ? 'before' : `before in run ${quoted(run)}`;
  const did = lines.length === 0 ? 'nothing that is to be seen here' : `\n${lines.join('\n')}`;
  return `the same topic and capability was last agreed to: ${last}\n${requester} did ${when}: ${did}`;
}

function follows({ state, stages = [], votes, waiting, max_attempts }: ApprovalView): string {
  if (state !== 'open' || waiting == null) return `it is ${state}: no vote counts any more`;
  const counted = votes.filter(({ stage, vote }) => stage === waiting.stage && vote === 'approve').length;
  const missing =
    stages[waiting.stage]!.count - counted + stages.slice(waiting.stage + 1).reduce((n, s) => n + s.count, 0);
  const then = missing > 1 ? `${missing - 1} more must agree before it runs` : 'the job runs';
  return list({
    'on a yes': `${then}: this content, once, in at most ${max_attempts} attempt(s), after the policy is asked again`,
    'on a no': 'the job ends refused at once, whoever agreed before; nothing runs',
    'without a vote': 'it expires, and the job with it',
  });
}

/** In canonical order (RFC 8785). What no eye can see is written as an escape, and said to be there. */
function willRun({ effective }: ApprovalView): string {
  if (effective == null) return 'will run: not to be seen (erased, or asked about anew since)';
  const text = canonicalize(effective as unknown as JsonValue);
  const hidden = unseenIn(effective);
  const warning =
    hidden.length === 0
      ? ''
      : `\nCAUTION: characters that nobody sees, written as \\u escapes, in: ${hidden.join(', ')}`;
  return `will run:\n${printableJson(JSON.parse(text), 2)}${warning}`;
}

function quoted(text: string | null | undefined): string | null {
  return text == null ? null : printableJson(text);
}
