/** SQL of what is shown and judged of approvals: one, a page of them, their votes, and what exactly is asked about. */
import type { ApprovalState } from '@countersign/contracts/approval';
import type { Tx } from '@countersign/platform/database';
import { anyOf, queriesOver, read, readBy, sql } from '@countersign/platform/queries';
import type { Approval, JobKey, Vote } from './store.ts';
import type { Tables } from './tables.ts';

const tables = queriesOver<Tables>();

const votesOf = readBy(({ approval_ids }: { approval_ids: readonly string[] }) =>
  tables
    .selectFrom('approval.votes')
    .select(['approval_id', 'voter', 'delegated_by', 'vote', 'stage', 'group', 'comment', 'voted_at'])
    .select((of) => of.ref('grant').$castTo<Vote['grant']>().as('grant'))
    .where('approval_id', '=', anyOf(approval_ids))
    .orderBy('voted_at')
    .orderBy('voter'),
);

const openOnes = readBy(() =>
  tables
    .selectFrom('approval.approvals')
    .select((is) => is.fn.countAll<number>().as('open'))
    .where('state', '=', sql.lit('open' as const)),
);

/** A page's rows, before they are picked out and put in order. */
const approvals = tables.selectFrom('approval.approvals').selectAll();
type Rows = typeof approvals;

const oneApproval = readBy(({ tenant, approval_id }: { tenant: string; approval_id: string }) =>
  shown(approvals.where('tenant', '=', tenant).where('approval_id', '=', approval_id)),
);

type ListFilter = { tenant: string; state: ApprovalState | null; job_id: string | null; before: string | null };

type Content = { effective: string | null; salt: string | null };

const contentOf = readBy(({ tenant, job_id }: JobKey) =>
  tables
    .selectFrom('scheduler.approval_content')
    .select(['effective', 'salt'])
    .where('tenant', '=', tenant)
    .where('job_id', '=', job_id),
);

/** The last one that was agreed to before this one, of the same topic and capability. */
const lastGranted = readBy(
  ({ tenant, topic, capability, approval_id }: Pick<Approval, 'tenant' | 'topic' | 'capability' | 'approval_id'>) =>
    tables
      .selectFrom('approval.approvals')
      .select(['approval_id', 'job_id', 'closed_at'])
      .where(sql`tenant COLLATE "C"`, '=', tenant)
      .where('topic', '=', topic)
      .where('capability', capability === null ? 'is' : '=', capability)
      .where('state', '=', sql.lit('granted' as const))
      .where('approval_id', '<', approval_id)
      .orderBy('approval_id', 'desc')
      .limit(1),
);

/** In the order in which they were cast. */
export function readVotes(tx: Tx, approval_ids: readonly string[]): Promise<(Vote & { approval_id: string })[]> {
  return votesOf(tx, { approval_ids });
}

export async function countOpen(tx: Tx): Promise<number> {
  const [row] = await openOnes(tx, {});
  return row!.open;
}

export async function readApproval(tx: Tx, tenant: string, approval_id: string): Promise<Approval | null> {
  const [row] = await oneApproval(tx, { tenant, approval_id });
  return row ?? null;
}

export async function readLastGranted(
  tx: Tx,
  approval: Approval,
): Promise<{ approval_id: string; job_id: string; closed_at: string } | null> {
  const [row] = await lastGranted(tx, approval);
  return row === undefined ? null : { ...row, closed_at: row.closed_at! };
}

/** Newest first: an approval's id is ordered by time. */
export function listApprovals(tx: Tx, filter: ListFilter, limit: number): Promise<Approval[]> {
  let page = shown(candidates(filter));
  if (filter.state !== null) page = page.where('state', '=', filter.state);
  if (filter.before !== null) page = page.where('approval_id', '<', filter.before);
  return read(tx, page.orderBy('approval_id', 'desc').limit(limit));
}

/** The job's effective form as canonical text, with the salt of its digest; nulls once it was erased. */
export async function readContent(tx: Tx, { tenant, job_id }: JobKey): Promise<Content> {
  const [row] = await contentOf(tx, { tenant, job_id });
  return row ?? { effective: null, salt: null };
}

function shown(rows: Rows) {
  return tables
    .selectFrom(rows.as('a'))
    .select(['approval_id', 'tenant', 'job_id', 'held_seq', 'topic', 'capability', 'requester', 'auth_method', 'owner'])
    .select(['on_behalf_of', 'job_hash', 'effective_digest', 'policy_version', 'policy_snapshot', 'policy_epoch'])
    .select(['rule_id', 'reason', 'max_attempts', 'digest', 'state', 'opened_at', 'expires_at', 'closed_at'])
    .select([
      'superseded_by',
      'withdrawn_by',
      'withdrawn_because',
      'escalated_at',
      'carried_from',
      'expires_ms',
      'by_grant',
      'grant_use',
      'traceparent',
    ])
    .select((of) => of.ref('escalate').$castTo<Approval['escalate']>().as('escalate'))
    .select((of) => of.ref('grant').$castTo<Approval['grant']>().as('grant'))
    .select((of) => of.ref('counter_offer').$castTo<Approval['counter_offer']>().as('counter_offer'))
    .select((of) => of.ref('break_glass').$castTo<Approval['break_glass']>().as('break_glass'))
    .select((of) => of.ref('stages').$castTo<Approval['stages']>().as('stages'));
}

/** Each listing has its own index: of one job, of a tenant's open ones, of all. */
function candidates({ tenant, state, job_id }: ListFilter): Rows {
  // Gathered before they are put in order: the index in that order has everybody's.
  if (job_id !== null) return approvals.where('tenant', '=', tenant).where('job_id', '=', job_id).offset(sql.lit(0));
  // In the collation of the indexes that have them in this order, and of no others.
  const of_tenant = approvals.where(sql`tenant COLLATE "C"`, '=', tenant);
  // Written out, so that a prepared plan may use the index of the open ones.
  return state === 'open' ? of_tenant.where('state', '=', sql.lit('open' as const)) : of_tenant;
}
