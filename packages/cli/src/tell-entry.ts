/**
 * What an entry says, in one line: decisions with their rules, approvals, stops, findings by type and place. Only fields that
 * are named here are read, so that nothing else an entry may hold is shown or sent on.
 */
import type { Decision } from '@countersign/contracts/decision';
import type { ShownEntry } from '@countersign/contracts/ledger-entry';
import { readRecordedDecision } from '@countersign/contracts/recorded-decision';

export type Entry = Pick<ShownEntry, 'kind' | 'body'>;
export type FoundIn = { scanner: string; type: string; place: string; count: number };

const WHO: Readonly<Record<string, string>> = {
  switch_lift_requested: 'asks to lift',
  policy_published: 'published',
  policy_activated: 'activated',
  policy_rejected: 'rejected',
  identity_created: 'created',
  identity_changed: 'changed',
  identity_revoked: 'revoked',
};

export function tellEntry(entry: Entry): string {
  const made = decisionsIn(entry).map(tellDecision);
  return [...made, ...tellRest(entry)].filter((part) => part !== '').join('; ');
}

/** In the order in which they were made; of the gates submit and dispatch. */
export function decisionsIn({ body }: Entry): readonly Decision[] {
  let read = READ.get(body);
  if (read === undefined) {
    read = readDecisions(body);
    READ.set(body, read);
  }
  return read;
}

/** Each part of a telling asks again, and reading one is most of the work. */
const READ = new WeakMap<Entry['body'], readonly Decision[]>();

function readDecisions(body: Entry['body']): readonly Decision[] {
  const recorded = [...(Array.isArray(body.decisions) ? body.decisions : []), body.decision];
  return recorded.map((each) => readRecordedDecision(each, body)).filter((each) => each !== null);
}

/** Types and places; never what was found, which no entry holds. */
export function findingsIn(entry: Entry): FoundIn[] {
  const own = Array.isArray(entry.body.findings) ? entry.body.findings : [];
  const all = [...own, ...decisionsIn(entry).flatMap(({ findings }) => findings)] as Partial<FoundIn>[];
  return all.map(({ scanner = '', type = '', place = '', count = 1 }) => ({ scanner, type, place, count }));
}

/** A field that is a text and not empty. */
export function textIn({ body }: Entry, name: string): string | null {
  const value = body[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

export function tellFinding({ scanner, type, place, count }: FoundIn): string {
  return `${scanner}/${type} at ${place === '' ? 'the whole' : place}${count > 1 ? ` ×${count}` : ''}`;
}

function tellDecision({
  gate,
  decision,
  rule_id,
  policy_version,
  reason,
  fail_mode,
  observed,
  findings,
}: Decision): string {
  return [
    `${gate}: ${decision} by ${rule_id ?? 'no rule'} of policy version ${policy_version}`,
    ...(reason === '' ? [] : [`(${reason})`]),
    ...(fail_mode === 'open' ? ['FAIL OPEN'] : []),
    ...(observed === undefined ? [] : [`only observed, else ${observed.decision}`]),
    ...findings.map(tellFinding),
  ].join(' ');
}

function tellRest(entry: Entry): string[] {
  const text = (name: string): string => textIn(entry, name) ?? '';
  const { kind, body } = entry;
  const why = text('reason') === '' ? '' : ` (${text('reason')})`;
  if (kind === 'output_screened') return tellScreening(entry);
  if (kind.startsWith('approval_')) return tellApproval(entry);
  if (kind === 'switch_set')
    return [`stop ${body.on === true ? 'set' : 'lifted'}: ${text('kind')} ${text('target')}${why} by ${text('actor')}`];
  if (kind.startsWith('policy_'))
    return [`version ${body.policy_version ?? '?'} ${WHO[kind] ?? ''} by ${text('actor')} ${text('code')}`.trim()];
  if (kind.startsWith('identity_'))
    return [`${text('what')} ${text('id')} ${WHO[kind] ?? ''} by ${text('actor')}`.trim()];
  if (kind === 'run_review_opened') return [`review ${text('review_id')} opened`];
  if (kind === 'review_signed')
    return [`review ${text('review_id')} signed off by ${text('reviewer')}: ${text('outcome')}`];
  if (kind === 'worker_record_taken')
    return [`${text('pool')}/${text('worker')} works by record ${body.version ?? '?'}`];
  if (kind === 'job_followed') return [`${text('kind')} by job ${text('by')}`];
  return [tellRun(entry)];
}

function tellRun(entry: Entry): string {
  const { kind, body } = entry;
  const where =
    kind === 'job_dispatched' || kind === 'job_running' || kind.startsWith('attempt_') || kind === 'result_rejected';
  const parts = where ? [`attempt ${body.attempt ?? '?'}`, textIn(entry, 'pool'), textIn(entry, 'worker')] : [];
  const approval = kind === 'job_dispatched' ? textIn(entry, 'approval_id') : null;
  return [...parts, approval && `by approval ${approval}`, textIn(entry, 'code'), textIn(entry, 'reason')]
    .filter((part) => part !== null)
    .join(', ');
}

function tellScreening(entry: Entry): string[] {
  const rule = textIn(entry, 'rule_id') ?? 'no rule';
  return [`output: ${textIn(entry, 'output_decision') ?? '?'} by ${rule}`, ...findingsIn(entry).map(tellFinding)];
}

function manyIn({ grant }: Entry['body']): string {
  const { uses, minutes } = (grant ?? {}) as { uses?: unknown; minutes?: unknown };
  return uses === undefined ? '' : `, for ${String(uses)} jobs within ${String(minutes)} min`;
}

function insteadIn({ counter_offer }: Entry['body']): string {
  const { changes } = (counter_offer ?? {}) as { changes?: unknown };
  return Array.isArray(changes) ? `, and offers another ${changes.join(', ')}` : '';
}

function tellApproval(entry: Entry): string[] {
  const { kind, body } = entry;
  if (kind === 'approval_grant_revoked')
    return [`grant ${textIn(entry, 'grant_id')} revoked by ${textIn(entry, 'revoked_by')}`];
  if (kind === 'approval_by_grant')
    return [
      `approval ${textIn(entry, 'approval_id')} by grant ${textIn(entry, 'grant_id')} until ${textIn(entry, 'expires_at')}`,
    ];
  const said = kind.slice('approval_'.length);
  if (kind === 'approval_voted')
    return [
      `${textIn(entry, 'voter')} votes ${textIn(entry, 'vote')} for ${textIn(entry, 'group')}${body.break_glass === true ? ', alone' : ''}${manyIn(body)}${insteadIn(body)}`,
    ];
  const groups = Array.isArray(body.stages) ? body.stages.map(({ group, count }) => `${count} of ${group}`) : [];
  const people = Array.isArray(body.approvers) ? body.approvers.map((each) => each?.approver ?? each) : [];
  const whom = kind === 'approval_opened' ? ` of ${groups.join(', ')} until ${textIn(entry, 'expires_at')}` : '';
  return [
    `approval ${textIn(entry, 'approval_id')} ${said}${whom}${people.length > 0 ? ` (${people.join(', ')})` : ''}`,
  ];
}
