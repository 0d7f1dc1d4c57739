/**
 * SQL of attempts: lock, start, extend, close. Always jobs before attempts, each in sorted order. Rows are looked up one
 * key at a time (LATERAL, fenced by OFFSET 0 or a lock), their state judged outside of that: a plan made while the
 * tables were empty would else go through all of them, or through the index of all that are under way.
 */

import type { ControlState } from '@countersign/contracts/control';
import { namesIn } from '@countersign/contracts/delegation';
import type { JobFacts } from '@countersign/contracts/job-entry';
import { LIMITS } from '@countersign/contracts/limits';
import type { JobState } from '@countersign/contracts/states';
import type { Tx } from '@countersign/platform/database';

type AttemptState = 'dispatched' | 'running' | 'reported' | 'ended' | 'lost' | 'void';

export type LockedAttempt = JobFacts & {
  dispatch_id: string;
  attempt: number;
  attempt_state: AttemptState;
  job_state: JobState;
  runs: number;
  pool: string;
  worker: string | null;
  claim_id: string | null;
  policy_epoch: number;
  timeout_ms: number;
  max_attempts: number;
  max_output_bytes: number;
  pool_concurrency: number;
  /** Null: as many as the worker likes. */
  worker_concurrency: number | null;
  run: string | null;
  cancel_requested_by: string | null;
  /** How often its warrant was refused, and by which claim last. */
  refusals: number;
  refused_claim_id: string | null;
  /** By the database's clock, in the transaction that locked it. */
  is_due: boolean;
  ran_out: boolean;
  past_deadline: boolean;
  /** Its agent's ceiling was changed after it was dispatched. */
  ceiling_changed: boolean;
  on_behalf_of: string | null;
  approval_id: string | null;
};

type Party = {
  dispatch_id: string;
  tenant: string;
  job_id: string;
  actor: string;
  on_behalf_of: string | null;
  approval_id: string | null;
};

const PARTIES = `
SELECT a.dispatch_id, a.tenant, a.job_id, a.approval_id, j.actor, j.on_behalf_of
  FROM unnest($1::uuid[]) AS k(dispatch_id)
 CROSS JOIN LATERAL (SELECT * FROM scheduler.attempts WHERE dispatch_id = k.dispatch_id OFFSET 0) a
 CROSS JOIN LATERAL (SELECT actor, on_behalf_of FROM scheduler.jobs WHERE tenant = a.tenant AND job_id = a.job_id OFFSET 0) j`;

const LOCK_JOBS = `
SELECT 1 FROM (SELECT * FROM unnest($1::text[], $2::text[]) AS u(tenant, job_id) ORDER BY tenant, job_id) k
 CROSS JOIN LATERAL (SELECT 1 FROM scheduler.jobs WHERE tenant = k.tenant AND job_id = k.job_id FOR UPDATE) j`;
const LOCK_ATTEMPTS = `
SELECT a.dispatch_id, a.attempt, a.state AS attempt_state, a.pool, a.worker, a.claim_id, a.policy_epoch, a.timeout_ms,
       a.max_attempts, a.max_output_bytes, a.pool_concurrency, a.worker_concurrency, a.due_at <= clock_timestamp() AS is_due,
       coalesce(a.run_until <= clock_timestamp(), false) AS ran_out, j.deadline_at <= clock_timestamp() AS past_deadline,
       j.state AS job_state, j.runs, j.tenant, j.job_id, j.topic, j.capability, j.actor, j.auth_method, j.owner, j.on_behalf_of,
       a.approval_id, j.job_hash, j.traceparent, j.labels::jsonb ->> 'run' AS run, j.cancel_requested_by, a.refusals, a.refused_claim_id,
       control.ceiling_changed(j.actor, a.dispatched_at) AS ceiling_changed
  FROM (SELECT * FROM unnest($1::uuid[]) AS u(dispatch_id) ORDER BY dispatch_id) k
 CROSS JOIN LATERAL (SELECT * FROM scheduler.attempts WHERE dispatch_id = k.dispatch_id FOR UPDATE) a
 CROSS JOIN LATERAL (SELECT * FROM scheduler.jobs WHERE tenant = a.tenant AND job_id = a.job_id OFFSET 0) j`;

const LOCK_CLAIMS = `SELECT pg_advisory_xact_lock(hashtextextended('countersign.claim.' || pool, 0)) FROM unnest($1::text[]) AS pool`;
const RUNNING = `
SELECT pool, worker, count(*) AS used FROM scheduler.attempts
 WHERE under_way AND state = 'running' AND pool = ANY ($1::text[]) GROUP BY pool, worker`;

export type StartedAttempt = { dispatch_id: string; pool: string; worker: string; claim_id: string };

const REVOKED_USES = `SELECT approval_id FROM approval.revoked_uses($1::uuid[]) AS approval_id`;

const START = `
UPDATE scheduler.attempts a
   SET state = 'running', worker = s.worker, claim_id = s.claim_id, claimed_at = clock_timestamp(),
       run_until = clock_timestamp() + a.timeout_ms * interval '1 millisecond',
       due_at = clock_timestamp() + ${LIMITS.lease_ms} * interval '1 millisecond'
  FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS s(dispatch_id, worker, claim_id)
 CROSS JOIN LATERAL (SELECT ctid, state FROM scheduler.attempts WHERE dispatch_id = s.dispatch_id OFFSET 0) at
 WHERE a.ctid = at.ctid AND at.state = 'dispatched'`;

const REFUSE = `
UPDATE scheduler.attempts a SET refusals = r.refusals, refused_claim_id = r.claim_id
  FROM unnest($1::uuid[], $2::integer[], $3::uuid[]) AS r(dispatch_id, refusals, claim_id)
 WHERE a.dispatch_id = r.dispatch_id`;

const CLOSE = `UPDATE scheduler.attempts SET state = $2 WHERE dispatch_id = ANY ($1::uuid[])`;

const DUE = `
SELECT dispatch_id FROM scheduler.attempts
 WHERE under_way AND state IN ('running', 'reported') AND due_at <= clock_timestamp() ORDER BY due_at LIMIT $1`;

const EXTEND = `
UPDATE scheduler.attempts a
   SET state = CASE WHEN b.reported THEN 'reported' ELSE a.state END,
       due_at = clock_timestamp() + CASE WHEN b.reported THEN ${LIMITS.screening_ms} ELSE ${LIMITS.lease_ms} END * interval '1 millisecond'
  FROM unnest($1::uuid[], $2::boolean[]) AS b(dispatch_id, reported)
 CROSS JOIN LATERAL (SELECT ctid, state, due_at FROM scheduler.attempts WHERE dispatch_id = b.dispatch_id OFFSET 0) at
 WHERE a.ctid = at.ctid AND at.state = 'running' AND at.due_at > clock_timestamp()
   AND (b.reported OR a.due_at < clock_timestamp() + ${Math.round(LIMITS.lease_ms * 0.7)} * interval '1 millisecond')`;

const BEATEN = `
SELECT a.dispatch_id, a.claim_id, a.worker, a.state AS attempt_state, a.pool, a.due_at <= clock_timestamp() AS is_due,
       coalesce(a.run_until <= clock_timestamp(), false) AS ran_out, j.tenant, j.topic, j.capability, j.actor,
       j.on_behalf_of, a.approval_id, j.labels::jsonb ->> 'run' AS run, j.cancel_requested_by, j.deadline_at <= clock_timestamp() AS past_deadline
  FROM unnest($1::uuid[]) AS k(dispatch_id)
 CROSS JOIN LATERAL (SELECT * FROM scheduler.attempts WHERE dispatch_id = k.dispatch_id OFFSET 0) a
 CROSS JOIN LATERAL (SELECT * FROM scheduler.jobs WHERE tenant = a.tenant AND job_id = a.job_id OFFSET 0) j`;

export type BeatenAttempt = Pick<
  LockedAttempt,
  | 'dispatch_id'
  | 'claim_id'
  | 'worker'
  | 'attempt_state'
  | 'pool'
  | 'is_due'
  | 'ran_out'
  | 'past_deadline'
  | 'tenant'
  | 'topic'
  | 'capability'
  | 'actor'
  | 'on_behalf_of'
  | 'approval_id'
  | 'run'
  | 'cancel_requested_by'
>;

/** Whose each attempt is, to know which part of `control` to read, and its approval. None ever changes, so this needs no lock. */
export function readParties(tx: Tx, ids: readonly string[]): Promise<Party[]> {
  return tx.query<Party>(PARTIES, [ids]);
}

/** As `gate` takes them. */
export function tenantsAndSubjects(parties: readonly Party[]): [string[], string[]] {
  return [parties.map((party) => party.tenant), parties.flatMap(subjectsOf)];
}

/** Who asked, and on whose behalf. */
export function subjectsOf({ actor, on_behalf_of }: Pick<Party, 'actor' | 'on_behalf_of'>): string[] {
  return [actor, ...namesIn(on_behalf_of)];
}

/** Once any of them is revoked it does not start, does not run on, and its output is not released. */
export function isRevoked(
  party: Pick<Party, 'actor' | 'on_behalf_of'>,
  { revoked }: Pick<ControlState, 'revoked'>,
): boolean {
  return subjectsOf(party).some((subject) => revoked.includes(subject));
}

/** Locks jobs, then attempts. By dispatch id; unknown ids are absent. */
export async function lockAttempts(tx: Tx, parties: readonly Party[]): Promise<Map<string, LockedAttempt>> {
  if (parties.length === 0) return new Map();
  const tenants = parties.map((party) => party.tenant);
  const job_ids = parties.map((party) => party.job_id);
  const ids = parties.map((party) => party.dispatch_id);
  const [, rows] = await Promise.all([
    tx.query(LOCK_JOBS, [tenants, job_ids]),
    tx.query<LockedAttempt>(LOCK_ATTEMPTS, [ids]),
  ]);
  return new Map(rows.map((row) => [row.dispatch_id, row]));
}

export type Running = { pool: string; worker: string; used: number };

/** Running attempts by worker, under a lock that keeps two schedulers from granting the same slot. */
export async function countRunning(tx: Tx, pools: readonly string[]): Promise<Running[]> {
  const [, rows] = await Promise.all([tx.query(LOCK_CLAIMS, [pools]), tx.query<Running>(RUNNING, [pools])]);
  return rows;
}

/** Of these, the approvals that came by a grant which was revoked, under its lock. Asks nothing where none was approved. */
export async function readRevokedUses(tx: Tx, parties: readonly Party[]): Promise<ReadonlySet<string>> {
  const approvals = parties.flatMap(({ approval_id }) => approval_id ?? []);
  if (approvals.length === 0) return new Set();
  const rows = await tx.query<{ approval_id: string }>(REVOKED_USES, [approvals]);
  return new Set(rows.map(({ approval_id }) => approval_id));
}

export async function startAttempts(tx: Tx, started: readonly StartedAttempt[]): Promise<void> {
  if (started.length === 0) return;
  await tx.query(START, [
    started.map((each) => each.dispatch_id),
    started.map((each) => each.worker),
    started.map((each) => each.claim_id),
  ]);
}

/** The attempts must be locked; named twice, an attempt is the same object with its last count. */
export async function countRefusals(
  tx: Tx,
  attempts: readonly Pick<LockedAttempt, 'dispatch_id' | 'refusals' | 'refused_claim_id'>[],
): Promise<void> {
  if (attempts.length === 0) return;
  const each = [...new Set(attempts)];
  await tx.query(REFUSE, [
    each.map((attempt) => attempt.dispatch_id),
    each.map((attempt) => attempt.refusals),
    each.map((attempt) => attempt.refused_claim_id),
  ]);
}

export async function closeAttempts(tx: Tx, ids: readonly string[], state: 'ended' | 'lost' | 'void'): Promise<void> {
  if (ids.length > 0) await tx.query(CLOSE, [ids, state]);
}

export async function dueAttempts(tx: Tx, limit: number): Promise<string[]> {
  const rows = await tx.query<{ dispatch_id: string }>(DUE, [limit]);
  return rows.map((row) => row.dispatch_id);
}

/**
 * Only a lease that is still alive grows, and only when a third of it is gone: most beats write nothing.
 */
export async function extendLeases(
  tx: Tx,
  beats: readonly { dispatch_id: string; reported: boolean }[],
): Promise<void> {
  if (beats.length === 0) return;
  await tx.query(EXTEND, [beats.map((beat) => beat.dispatch_id), beats.map((beat) => beat.reported)]);
}

export async function readBeaten(tx: Tx, ids: readonly string[]): Promise<Map<string, BeatenAttempt>> {
  const rows = await tx.query<BeatenAttempt>(BEATEN, [ids]);
  return new Map(rows.map((row) => [row.dispatch_id, row]));
}
