/**
 * One question as an approver sees it: exactly what will run, untruncated and in canonical order, why it waits, what came before, what
 * a yes and a no bring about. The same view is a page without script and a part of the console; a vote is a plain form.
 */
import type { ApprovalView } from '@countersign/contracts/approval';
import { unseenIn } from '@countersign/contracts/printable';
import { may, type Person } from './api.ts';
import { heading } from './heading.ts';
import { html, type View } from './html.ts';
import type { Question } from './load-question.ts';
import { findingsLine, restsOn } from './say-decision.ts';
import { facts, seen, seenJson, span, utc, when } from './show-text.ts';

type QuestionProps = {
  question: Question;
  person: Person;
  now: number;
  /** What the last vote came to, in words. */
  said?: View;
  /** Takes the vote instead of sending the form. */
  onSubmit?: (event: Event) => void;
  /** What else somebody with script may do. */
  more?: View;
};

export function QuestionView({ question, person, now, said, onSubmit, more }: QuestionProps): View {
  const { approval } = question;
  return html`<article class="question">
    ${heading(seen(approval.topic))}
    <p role="status" class="said">${said}</p>
    ${standing(approval, now)}
    <section aria-labelledby="runs"><h2 id="runs">What will run</h2>${willRun(approval)}</section>
    <section aria-labelledby="why"><h2 id="why">Why it waits</h2>${because(question)}</section>
    <section aria-labelledby="before"><h2 id="before">What came before</h2>${earlier(question, now)}</section>
    <section aria-labelledby="vote"><h2 id="vote">What follows</h2>${follows(approval)}
      ${question.votable && may(person, 'approvals:vote') ? ballot(approval, person, onSubmit) : html`<p class="note">${whyNot(question, person)}</p>`}
      ${more}
    </section>
    <p><a href=${`/console/jobs/${approval.job_id}`}>The job and its evidence</a></p>
  </article>`;
}

/** Who decided it, for whoever comes too late. */
export function decidedBy({ state, votes, closed_at, superseded_by, withdrawn_by }: ApprovalView): string {
  if (superseded_by !== null) return `the policy changed, and another question asks in its place: ${superseded_by}`;
  const who = votes.map(({ voter, vote }) => `${voter} (${vote})`).join(', ') || withdrawn_by || 'nobody';
  return `decided by ${who}: ${state}${closed_at === null ? '' : `, ${utc(closed_at)}`}`;
}

function standing(approval: ApprovalView, now: number): View {
  const { waiting, stages, on_behalf_of, votes } = approval;
  const asked = waiting && `${waiting.groups.join(' or ')} (stage ${waiting.stage + 1} of ${stages.length})`;
  return facts([
    ['state', html`<b class=${`state ${approval.state}`}>${approval.state}</b>`],
    ['waits for', asked],
    ['expires', approval.state === 'open' ? when(approval.expires_at, now) : null],
    ['asked by', seen(`${approval.requester}${approval.owner === null ? '' : `, owned by ${approval.owner}`}`)],
    ['on behalf of', on_behalf_of && seen(on_behalf_of)],
    ['asked', when(approval.opened_at, now)],
    ['stages', stages.map(({ group, count }) => `${count} of ${group}`).join(', then ')],
    ['votes', votes.length > 0 && html`<ul>${votes.map((vote) => html`<li>${voteLine(vote)}</li>`)}</ul>`],
    ['escalates', escalation(approval)],
    ['may grant alone', approval.break_glass?.group],
    ['granted alone', alone(approval)],
    ['may be given for several', several(approval)],
    ['by the grant', approval.by_grant],
    ['use of it', approval.grant_use],
    ['offered instead', instead(approval)],
    ['votes carried from', approval.carried_from],
    ['withdrawn because', approval.withdrawn_because && html`<q>${seen(approval.withdrawn_because)}</q>`],
    ['closed', approval.state !== 'open' && decidedBy(approval)],
  ]);
}

function escalation({ escalate, escalated_at }: ApprovalView): View {
  if (escalate === null) return null;
  return `to ${escalate.to} ${escalated_at === null ? `after ${span(escalate.after_ms)}` : `since ${utc(escalated_at)}`}`;
}

function alone({ glass_broken: broken }: ApprovalView): View {
  if (broken === null) return null;
  const { used_by, reason, reviewed_by, review } = broken;
  const signed = reviewed_by === null ? 'not reviewed' : html`reviewed by ${reviewed_by} <q>${seen(review ?? '')}</q>`;
  return html`by ${used_by}: <q>${seen(reason)}</q>; ${signed}`;
}

function several({ grant }: ApprovalView): View {
  if (grant === null) return null;
  const { max_uses, max_minutes, same } = grant;
  return `up to ${max_uses} jobs within ${max_minutes} min, of this requester, topic and capability, with ${same.join(', ')} as below; everything else in them may differ. A plain yes is for this job alone`;
}

function instead({ counter_offer: offer }: ApprovalView): View {
  return offer && html`by ${offer.offered_by}: <q>${seen(offer.reason)}</q>${seenJson(offer.change)}`;
}

function voteLine({ voter, delegated_by, vote, comment, grant }: ApprovalView['votes'][number]): View {
  const many = grant && ` for ${grant.uses} jobs within ${grant.minutes} min`;
  return html`${voter}${delegated_by === null ? '' : ` for ${delegated_by}`}: ${vote}${many} ${comment === null ? '' : html`<q>${seen(comment)}</q>`}`;
}

function willRun({ effective, digest }: ApprovalView): View {
  const hidden = effective === null ? [] : unseenIn(effective);
  return html`
    ${hidden.length > 0 && html`<p class="caution" role="alert">Characters that nobody sees stand in ${hidden.map((at, i) => html`${i > 0 ? ', ' : ''}<code>${seen(at)}</code>`)}. They are marked below.</p>`}
    ${effective === null ? html`<p class="note">It is not to be seen: erased, or asked about anew since.</p>` : seenJson(effective)}
    <p>A vote is for this digest alone: <code class="digest">${digest}</code></p>`;
}

function because({ approval, decision }: Question): View {
  return html`<p><q>${seen(approval.reason)}</q></p>${facts([
    ['rule', approval.rule_id ?? 'the default decision'],
    ['findings', decision && findingsLine(decision.findings)],
    ...(decision === undefined ? [policyOf(approval)] : restsOn(decision)),
  ])}`;
}

function policyOf({ policy_version, policy_snapshot }: ApprovalView): [string, View] {
  return ['policy', `version ${policy_version}, ${policy_snapshot}`];
}

function earlier({ approval, before, run }: Question, now: number): View {
  const { last_granted, requester } = approval;
  const last =
    last_granted === null ? 'never' : html`${when(last_granted.closed_at, now)} by ${last_granted.voters.join(', ')}`;
  const rows = before.map(
    (job) =>
      html`<li>${when(job.created_at, now)} <b class=${`state ${job.state}`}>${job.state}</b> <a href=${`/console/jobs/${job.job_id}`}>${job.topic}</a></li>`,
  );
  return html`<p>The same topic and capability was last agreed to: ${last}.</p>
    <p>${requester} did before${run === null ? '' : html` in run <q>${seen(run)}</q>`}:${rows.length === 0 ? ' nothing that is to be seen here.' : ''}</p>
    ${rows.length > 0 && html`<ol class="plain">${rows}</ol>`}`;
}

function follows({ state, stages, votes, waiting, max_attempts }: ApprovalView): View {
  if (state !== 'open' || waiting === null) return html`<p>It is ${state}: no vote counts any more.</p>`;
  const counted = votes.filter(({ stage, vote }) => stage === waiting.stage && vote === 'approve').length;
  const later = stages.slice(waiting.stage + 1).reduce((sum, { count }) => sum + count, 0);
  const missing = stages[waiting.stage]!.count - counted + later;
  const then = missing > 1 ? `${missing - 1} more must agree before it runs` : 'the job runs';
  const attempts = max_attempts === 1 ? 'one attempt' : `at most ${max_attempts} attempts`;
  return facts([
    ['on a yes', `${then}: this content, once, in ${attempts}, after the policy was asked again`],
    ['on a no', 'the job ends refused at once, whoever agreed before; nothing runs'],
    ['without a vote', 'the question expires, and the job with it'],
  ]);
}

function ballot({ approval_id, digest }: ApprovalView, person: Person, onSubmit: QuestionProps['onSubmit']): View {
  return html`<form class="ballot" method="post" action=${`/console/approvals/${approval_id}`} onSubmit=${onSubmit}>
    <input type="hidden" name="csrf" value=${person.csrf_token ?? ''} />
    <input type="hidden" name="digest" value=${digest} />
    <label>Comment, shown with the vote<textarea name="comment" rows="2" maxlength="2000"></textarea></label>
    <div class="buttons">
      <button name="vote" value="reject" class="no">Reject</button>
      <button name="vote" value="approve" class="yes">Approve</button>
    </div>
  </form>`;
}

/** Why there is nothing to press. */
function whyNot({ approval, votable }: Question, person: Person): string {
  if (approval.state !== 'open') return decidedBy(approval);
  if (!may(person, 'approvals:vote')) return 'This sign-in may look and not vote.';
  if (votable) return '';
  const { votes, requester, owner, on_behalf_of, waiting } = approval;
  if (votes.some(({ voter, delegated_by }) => [voter, delegated_by].includes(person.principal)))
    return 'You have voted.';
  const parties = [requester, owner, ...(on_behalf_of?.split(/[ /]/) ?? [])];
  if (parties.includes(person.principal))
    return 'You asked for it, own the agent, or it is done for you: others decide.';
  const groups = waiting?.groups ?? [];
  if (!groups.some((group) => person.groups.includes(group)))
    return `It waits for ${groups.join(' or ')}, where you are not.`;
  return 'No vote of yours counts here: another account of yours has a part in it, or has voted.';
}
