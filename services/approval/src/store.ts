/** SQL of the approval service's steps: its own rows, and what the scheduler grants to be read of held jobs. */
import type { ApprovalState, ApprovalView } from '@countersign/contracts/approval';
import type { MadeOffer } from '@countersign/contracts/counter-offer';
import type { JobFacts } from '@countersign/contracts/job-entry';
import type { Tx } from '@countersign/platform/database';

/** A row of `scheduler.held` that has no approval yet, with the times that opening it now would give. */
export type HeldJob = JobFacts & {
  held_seq: number;
  on_behalf_of: string | null;
  effective_digest: string;
  effective: string;
  salt: string;
  policy_version: number;
  policy_snapshot: string;
  policy_epoch: number;
  rule_id: string | null;
  reason: string;
  stages: ApprovalView['stages'];
  max_attempts: number;
  escalate: ApprovalView['escalate'];
  break_glass: ApprovalView['break_glass'];
  grant: ApprovalView['grant'];
  survive: string | null;
  expires_ms: number;
  opened_at: string;
  expires_at: string;
};

export type JobKey = { tenant: string; job_id: string };

/** An approval without its votes and its content. */
export type Approval = Omit<ApprovalView, 'votes' | 'effective' | 'waiting' | 'last_granted' | 'glass_broken'> & {
  held_seq: number;
  capability: string | null;
  auth_method: string;
  /** For how long its rule lets it stand open; null of one from before that was kept. */
  expires_ms: number | null;
  traceparent: string;
};
export type Vote = ApprovalView['votes'][number];

export const COLUMNS = `a.approval_id, a.tenant, a.job_id, a.held_seq, a.topic, a.capability, a.requester, a.auth_method, a.owner,
  a.on_behalf_of, a.job_hash, a.effective_digest, a.policy_version, a.policy_snapshot, a.policy_epoch, a.rule_id,
  a.reason, a.stages, a.max_attempts, a.digest, a.state, a.opened_at, a.expires_at, a.closed_at, a.superseded_by,
  a.withdrawn_by, a.withdrawn_because, a.escalate,
  a.break_glass, a.escalated_at, a.carried_from, a.expires_ms, a."grant", a.by_grant, a.grant_use,
  a.counter_offer, a.traceparent`;

const HELD = 'SELECT FROM scheduler.held h WHERE (h.tenant, h.job_id, h.held_seq) = (a.tenant, a.job_id, a.held_seq)';
const UNOPENED = `NOT EXISTS (SELECT FROM approval.approvals a
  WHERE (a.tenant, a.job_id, a.held_seq) = (h.tenant, h.job_id, h.held_seq))`;

type NewVote = Omit<Vote, 'voted_at'> & { approval_id: string; auth_method: string };

/** A job that is held again is asked about again, and the opening of that question voids this one. */
const GONE = `NOT EXISTS (SELECT FROM scheduler.held h WHERE (h.tenant, h.job_id) = (a.tenant, a.job_id))`;
const DUE = `a.state = 'open' AND (a.expires_at <= clock_timestamp() OR ${GONE})`;

/** Held jobs that nobody has been asked about. */
export function findUnopened(tx: Tx, limit: number): Promise<JobKey[]> {
  return tx.query(`SELECT h.tenant, h.job_id FROM scheduler.held h WHERE ${UNOPENED} ORDER BY 1, 2 LIMIT $1`, [limit]);
}

export function readUnopened(tx: Tx, keys: readonly JobKey[]): Promise<HeldJob[]> {
  return tx.query(
    `SELECT h.*, statement_timestamp() AS opened_at,
            statement_timestamp() + h.expires_ms * interval '1 millisecond' AS expires_at
       FROM scheduler.held h
      WHERE (h.tenant, h.job_id) IN (SELECT * FROM unnest($1::text[], $2::text[])) AND ${UNOPENED}
      ORDER BY h.tenant, h.job_id`,
    [keys.map((key) => key.tenant), keys.map((key) => key.job_id)],
  );
}

/** Ids of those that were not there yet: another instance may have opened the same job in this moment. */
export async function insertApprovals(tx: Tx, approvals: readonly Approval[]): Promise<ReadonlySet<string>> {
  const rows = await tx.query<{ approval_id: string }>(
    `INSERT INTO approval.approvals AS a (approval_id, tenant, job_id, held_seq, topic, capability, requester, auth_method,
       owner, on_behalf_of, job_hash, effective_digest, policy_version, policy_snapshot, policy_epoch, rule_id, reason,
       stages, max_attempts, digest, state, opened_at, expires_at, closed_at, superseded_by, withdrawn_by, withdrawn_because,
       escalate, break_glass, escalated_at, carried_from, expires_ms, "grant", by_grant, grant_use, counter_offer, traceparent)
     SELECT ${COLUMNS} FROM json_populate_recordset(NULL::approval.approvals, $1::json) AS a
     ON CONFLICT (tenant, job_id, held_seq) DO NOTHING
     RETURNING approval_id`,
    [JSON.stringify(approvals)],
  );
  return new Set(rows.map((row) => row.approval_id));
}

/**
 * Voids what is still open of an earlier hold of these jobs, each in favour of the approval that opens now. Waits for
 * whoever is voting, in the order of the ids.
 */
export async function supersede(tx: Tx, openings: readonly Approval[]): Promise<Approval[]> {
  if (openings.length === 0) return [];
  const given = [
    openings.map((opening) => opening.tenant),
    openings.map((opening) => opening.job_id),
    openings.map((opening) => opening.held_seq),
    openings.map((opening) => opening.approval_id),
  ];
  return tx.query<Approval>(
    `WITH former AS (
       SELECT a.approval_id, o.approval_id AS successor
         FROM unnest($1::text[], $2::text[], $3::integer[], $4::uuid[]) AS o (tenant, job_id, held_seq, approval_id)
         JOIN approval.approvals a ON a.tenant = o.tenant AND a.job_id = o.job_id
        WHERE a.state = 'open' AND a.held_seq < o.held_seq
        ORDER BY a.approval_id FOR UPDATE OF a)
     UPDATE approval.approvals a SET state = 'voided', closed_at = clock_timestamp(), superseded_by = former.successor
       FROM former WHERE a.approval_id = former.approval_id AND a.state = 'open'
     RETURNING ${COLUMNS}`,
    given,
  );
}

/** Waits for whoever is voting; false when the tenant has no such approval. */
export async function lockApproval(tx: Tx, tenant: string, approval_id: string): Promise<boolean> {
  const rows = await tx.query('SELECT 1 FROM approval.approvals WHERE tenant = $1 AND approval_id = $2 FOR UPDATE', [
    tenant,
    approval_id,
  ]);
  return rows.length === 1;
}

/** `in_time` by the database's clock; `held`: the job still waits in the hold that asked. */
export type Standing = Approval & { in_time: boolean; held: boolean };

const STANDING = `${COLUMNS}, a.expires_at > clock_timestamp() AS in_time, EXISTS (${HELD}) AS held`;

/** A statement of its own after the lock, so that clock, votes and the job's state are those of now. */
export async function readLocked(tx: Tx, approval_id: string): Promise<Standing> {
  const [row] = await tx.query<Standing>(`SELECT ${STANDING} FROM approval.approvals a WHERE a.approval_id = $1`, [
    approval_id,
  ]);
  return row!;
}

/** The open questions of a tenant, the newest first, as a vote would find them. */
export function readOpen(tx: Tx, tenant: string, before: string | null, limit: number): Promise<Standing[]> {
  return tx.query<Standing>(
    `SELECT ${STANDING} FROM approval.approvals a
      WHERE a.tenant COLLATE "C" = $1 AND a.state = 'open' AND ($2::uuid IS NULL OR a.approval_id < $2)
      ORDER BY a.approval_id DESC LIMIT $3`,
    [tenant, before, limit],
  );
}

/** When it was cast. */
export async function insertVote(tx: Tx, vote: NewVote): Promise<string> {
  const [row] = await tx.query<{ voted_at: string }>(
    `INSERT INTO approval.votes (approval_id, voter, auth_method, vote, stage, "group", comment, delegated_by, "grant", voted_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, clock_timestamp()) RETURNING voted_at`,
    [
      ...[vote.approval_id, vote.voter, vote.auth_method, vote.vote],
      ...[vote.stage, vote.group, vote.comment, vote.delegated_by, vote.grant && JSON.stringify(vote.grant)],
    ],
  );
  return row!.voted_at;
}

export async function closeApproval(tx: Tx, approval_id: string, state: ApprovalState): Promise<Approval> {
  const [row] = await tx.query<Approval>(
    `UPDATE approval.approvals a SET state = $2, closed_at = clock_timestamp()
      WHERE approval_id = $1 AND state = 'open' RETURNING ${COLUMNS}`,
    [approval_id, state],
  );
  return row!;
}

export async function closeWithOffer(tx: Tx, approval_id: string, offer: MadeOffer): Promise<Approval> {
  const [row] = await tx.query<Approval>(
    `UPDATE approval.approvals a SET state = 'refused', closed_at = clock_timestamp(), counter_offer = $2
      WHERE approval_id = $1 AND state = 'open' RETURNING ${COLUMNS}`,
    [approval_id, JSON.stringify(offer)],
  );
  return row!;
}

export async function closeWithdrawn(tx: Tx, approval_id: string, by: string, why: string | null): Promise<Approval> {
  const [row] = await tx.query<Approval>(
    `UPDATE approval.approvals a
        SET state = 'withdrawn', closed_at = clock_timestamp(), withdrawn_by = $2, withdrawn_because = $3
      WHERE approval_id = $1 AND state = 'open' RETURNING ${COLUMNS}`,
    [approval_id, by, why],
  );
  return row!;
}

/** Opens what has waited long enough to another group as well. */
export function escalateDue(tx: Tx, limit: number): Promise<Approval[]> {
  return tx.query(
    `WITH due AS (
       SELECT a.approval_id FROM approval.approvals a
        WHERE a.state = 'open' AND a.escalate IS NOT NULL AND a.escalated_at IS NULL
          AND a.opened_at + (a.escalate ->> 'after_ms')::bigint * interval '1 millisecond' <= clock_timestamp()
        ORDER BY a.approval_id LIMIT $1 FOR UPDATE OF a SKIP LOCKED)
     UPDATE approval.approvals a SET escalated_at = clock_timestamp()
       FROM due WHERE a.approval_id = due.approval_id AND a.state = 'open' RETURNING ${COLUMNS}`,
    [limit],
  );
}

/** Of the hold right before, when it was agreed to or open, is not over, not spent, and was no single person's word. */
export function readFormers(tx: Tx, jobs: readonly HeldJob[]): Promise<Approval[]> {
  return tx.query(
    `SELECT ${COLUMNS}
       FROM unnest($1::text[], $2::text[], $3::integer[]) AS k (tenant, job_id, held_seq)
       JOIN approval.approvals a ON a.tenant = k.tenant AND a.job_id = k.job_id AND a.held_seq = k.held_seq - 1
      WHERE a.state IN ('open', 'granted') AND a.expires_at > clock_timestamp() AND a.redemptions = 0
        AND NOT EXISTS (SELECT FROM approval.glass_broken g WHERE g.approval_id = a.approval_id)`,
    [jobs.map((job) => job.tenant), jobs.map((job) => job.job_id), jobs.map((job) => job.held_seq)],
  );
}

/** Each for the one job alone: what a vote said of others held under the policy that it was cast under. */
export async function copyVotes(tx: Tx, from: string, to: string): Promise<void> {
  await tx.query(
    `INSERT INTO approval.votes (approval_id, voter, auth_method, vote, stage, "group", comment, delegated_by, voted_at)
     SELECT $2, voter, auth_method, vote, stage, "group", comment, delegated_by, voted_at
       FROM approval.votes WHERE approval_id = $1`,
    [from, to],
  );
}

/** Open approvals that ran out of time, or whose job left that hold by another way. */
export async function findDue(tx: Tx, limit: number): Promise<string[]> {
  const rows = await tx.query<{ approval_id: string }>(
    `SELECT a.approval_id FROM approval.approvals a WHERE ${DUE} ORDER BY a.approval_id LIMIT $1`,
    [limit],
  );
  return rows.map((row) => row.approval_id);
}

/** A vote under way wins: its row is skipped and looked at again in the next sweep. */
export function closeDue(tx: Tx, approval_ids: readonly string[]): Promise<Approval[]> {
  return tx.query(
    `WITH due AS (
       SELECT a.approval_id, NOT ${GONE} AS held FROM approval.approvals a
        WHERE a.approval_id = ANY ($1::uuid[]) AND ${DUE}
        ORDER BY a.approval_id FOR UPDATE OF a SKIP LOCKED)
     UPDATE approval.approvals a
        SET state = CASE WHEN due.held THEN 'expired' ELSE 'voided' END, closed_at = clock_timestamp()
       FROM due WHERE a.approval_id = due.approval_id AND a.state = 'open'
     RETURNING ${COLUMNS}`,
    [approval_ids],
  );
}

/** Throws when a grant or a view that this service lives on is missing. */
export async function probe(tx: Tx): Promise<void> {
  await tx.query('SELECT FROM scheduler.held h, scheduler.approval_content c LIMIT 0');
}
