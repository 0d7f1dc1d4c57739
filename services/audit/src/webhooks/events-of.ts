/**
 * Which events a sealed entry makes, and what is said of them. Only fields that are named here are read, so that nothing else an
 * entry may hold is ever sent: what somebody needs who has to act, and where they look.
 */
import { chainOfJob } from '@countersign/contracts/ledger-entry';
import type { WebhookEvent } from '@countersign/contracts/webhooks';
import type { StoredEntry } from '../store.ts';

type Body = Readonly<Record<string, unknown>>;
type Told = { event: WebhookEvent; data: Body };
type Telling = (body: Body) => WebhookEvent[];

const TOLD: Readonly<Record<string, Telling>> = {
  approval_opened: () => ['approval.opened'],
  // Names the groups that it leaves to ask, where a stage is complete.
  approval_voted: ({ asks_next }) => (Array.isArray(asks_next) ? ['approval.stage_reached'] : []),
  approval_escalated: () => ['approval.escalated'],
  approval_granted: ({ break_glass }) => [
    'approval.granted',
    ...(break_glass === true ? (['review.due'] as const) : []),
  ],
  run_review_opened: () => ['review.due'],
  approval_refused: () => ['approval.rejected'],
  approval_expired: () => ['approval.expired'],
  approval_voided: ({ superseded_by }) => [superseded_by ? 'approval.outdated' : 'approval.withdrawn'],
  approval_withdrawn: () => ['approval.withdrawn'],
  job_failed: () => ['job.dead_letter'],
  job_timed_out: () => ['job.dead_letter'],
  job_quarantined: () => ['output.quarantined'],
};
export const TOLD_KINDS: readonly string[] = Object.keys(TOLD);

const TEXTS = [
  'job_id',
  'topic',
  'capability',
  'rule_id',
  'review_id',
  'approval_id',
  'expires_at',
  'superseded_by',
] as const;

export function eventsOf({
  kind,
  chain,
  tenant,
  body: text,
}: Pick<StoredEntry, 'kind' | 'chain' | 'tenant' | 'body'>): Told[] {
  const body = JSON.parse(text) as Body;
  // A body that names another job than its chain is nobody's to be told of.
  if (tenant === null || chain !== chainOfJob(tenant, String(body.job_id))) return [];
  return (TOLD[kind]?.(body) ?? []).map((event) => ({ event, data: { ...dataOf(body), path: pathOf(event, body) } }));
}

function dataOf(body: Body): Body {
  const groups = askedIn(body);
  const approvers = namesIn(body.approvers, 'approver');
  return {
    ...Object.fromEntries(TEXTS.flatMap((name) => (typeof body[name] === 'string' ? [[name, body[name]]] : []))),
    agent: typeof body.actor === 'string' ? body.actor : null,
    ...(groups.length > 0 && { groups }),
    ...(approvers.length > 0 && { approvers }),
  };
}

/** Who is asked from now on. */
function askedIn({ stages, to, asks_next }: Body): string[] {
  if (typeof to === 'string') return [to];
  return Array.isArray(asks_next) ? asks_next.map(String) : namesIn(stages, 'group').slice(0, 1);
}

function namesIn(list: unknown, field: string): string[] {
  const rows = Array.isArray(list) ? (list as Body[]) : [];
  return rows.map((row) => row[field]).filter((name) => typeof name === 'string');
}

/** Of the console. */
function pathOf(event: WebhookEvent, { job_id, approval_id }: Body): string {
  const isOfJob = event === 'job.dead_letter' || event === 'output.quarantined' || approval_id === undefined;
  return isOfJob ? `/console/jobs/${String(job_id)}` : `/console/approvals/${String(approval_id)}`;
}
