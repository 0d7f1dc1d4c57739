/** Jobs that ended long ago, with content of every kind, and the services' parts that erase it, on a database of their own. */

import { eraseComments } from '@countersign/approval/store-erased';
import type { RpcParsed, RpcVerb } from '@countersign/contracts/rpc';
import { eraseOutputs } from '@countersign/output-safety/store-erased';
import type { Database } from '@countersign/platform/database';
import { uuidv7 } from '@countersign/platform/ids';
import { serveRetention } from '@countersign/scheduler/retention/serve-retention';
import { erasePayloads } from '@countersign/scheduler/retention/store-erased';
import { listAsked, listOld } from '@countersign/scheduler/retention/store-listed';
import type { LedgerDatabase } from '../audit/ledger-database.ts';

export const TENANT = 'acme';
const DIGEST = `sha256:${'0'.repeat(64)}`;
const PERSON = { id: 'ada', type: 'human', groups: [], owner: null, auth_method: 'api_key', key_id: null } as const;

export type OldJob = {
  days: number;
  actor?: string;
  on_behalf_of?: string;
  labels?: object;
  state?: string;
  decision?: 'allow' | 'redact' | 'quarantine';
  tenant?: string;
};
type Kept = { request: boolean; salt: boolean; content: boolean; sealed: boolean; comment: boolean };

/** Every number of the metrics that were counted, by name and labels. */
export function counting() {
  const counted = new Map<string, number>();
  const count = (name: string, labels: object = {}, by = 1): void => {
    const key = [name, ...Object.values(labels)].join(' ');
    counted.set(key, (counted.get(key) ?? 0) + by);
  };
  return { counted, metrics: { count, set() {}, observe() {}, text: async () => '' } };
}

export async function insertJob(admin: Database, job_id: string, job: OldJob): Promise<string> {
  const { days, actor = 'bot', on_behalf_of = null, labels = {}, state = 'succeeded', tenant = TENANT } = job;
  const [dispatch_id, approval_id] = [uuidv7(), uuidv7()];
  const key = [tenant, job_id] as const;
  await admin.query(
    `INSERT INTO scheduler.jobs (tenant, job_id, topic, labels, actor, auth_method, on_behalf_of, state, decision, policy_version,
       policy_snapshot, policy_epoch, job_hash, held_seq, deadline_at, traceparent, result_dispatch_id, created_at, updated_at)
     SELECT $1, $2, 'job.desk.read', $3, $4, 'api_key', $5, $6, 'allow', 1, $7, 1, $7, 1, now(), '', $8, t, t
       FROM (SELECT now() - $9 * interval '1 day' AS t) AS at`,
    [...key, JSON.stringify(labels), actor, on_behalf_of, state, DIGEST, dispatch_id, days],
  );
  await admin.query(
    `INSERT INTO scheduler.contexts (tenant, job_id, request, rewritten, effective, actor, salt, plain_digest, decisions)
     VALUES ($1, $2, '{"prompt":"secret"}', '{"prompt":"secret"}', '{"prompt":"secret"}', '{}', 'salt', $3, '[]')`,
    [...key, DIGEST],
  );
  await admin.query(
    `INSERT INTO scheduler.attempts (dispatch_id, tenant, job_id, attempt, pool, decision_id, policy_snapshot, policy_epoch,
       effective_digest, payload_digest, timeout_ms, max_attempts, max_output_bytes, pool_concurrency, due_at, state)
     VALUES ($3, $1, $2, 1, 'desk', $3, $4, 1, $4, $4, 1, 1, 1, 1, now(), 'ended')`,
    [...key, dispatch_id, DIGEST],
  );
  await insertOutput(admin, key, dispatch_id, job.decision ?? 'allow');
  await admin.query(
    `INSERT INTO approval.approvals (approval_id, tenant, job_id, held_seq, topic, requester, auth_method, job_hash,
       effective_digest, policy_version, policy_snapshot, policy_epoch, reason, stages, max_attempts, digest, state,
       opened_at, expires_at, closed_at, traceparent, counter_offer)
     VALUES ($3, $1, $2, 1, 'job.desk.read', 'bot', 'api_key', $4, $4, 1, $4, 1, '', '[{}]', 1, $4, 'refused', now(), now(), now(), '',
             '"secret"')`,
    [...key, approval_id, DIGEST],
  );
  await admin.query(
    `INSERT INTO approval.votes (approval_id, voter, auth_method, vote, stage, "group", voted_at, comment)
     VALUES ($1, 'olga', 'api_key', 'approve', 0, 'approvers', now(), 'secret')`,
    [approval_id],
  );
  await admin.query(
    `INSERT INTO approval.grants (grant_id, tenant, max_uses, granted_at, expires_at, given_by, revoked_by, revoked_at, revoked_because)
     VALUES ($1, $2, 2, now(), now(), '{olga}', 'olga', now(), 'secret')`,
    [approval_id, tenant],
  );
  return job_id;
}

export async function keptOf(admin: Database, job_id: string): Promise<Kept> {
  const [row] = await admin.query<Kept>(
    `SELECT coalesce(c.request, c.rewritten, c.effective, c.plain_digest) IS NOT NULL AS request,
            coalesce(c.salt, r.salt) IS NOT NULL AS salt, r.content IS NOT NULL AS content, r.sealed IS NOT NULL AS sealed,
            coalesce(v.comment, a.counter_offer::text, g.revoked_because) IS NOT NULL AS comment
       FROM scheduler.contexts c JOIN output.results r USING (tenant, job_id)
       JOIN approval.approvals a USING (tenant, job_id) JOIN approval.votes v USING (approval_id)
       JOIN approval.grants g ON g.grant_id = a.approval_id WHERE c.job_id = $1`,
    [job_id],
  );
  return row!;
}

/** The scheduler's verbs, without a bus. */
export function askScheduler(ledger: LedgerDatabase) {
  const verbs = new Map<string, (asked: unknown) => Promise<unknown>>();
  const bus = { serve: (verb: string, handle: (asked: unknown) => Promise<unknown>) => verbs.set(verb, handle) };
  serveRetention({ database: ledger.as('scheduler'), bus: bus as never }, () => {});
  return async <V extends RpcVerb>(verb: V, asked: Omit<RpcParsed<V>, 'principal' | 'tenant'>) =>
    (await verbs.get(verb)!({ tenant: TENANT, principal: PERSON, ...asked })) as Record<string, never>;
}

/** Everything that the sweeps of all services would do. */
export async function sweep(ledger: LedgerDatabase, metrics = counting().metrics): Promise<void> {
  const scheduler = ledger.as('scheduler');
  while (await listAsked(scheduler));
  while (await listOld(scheduler));
  while (await erasePayloads({ database: scheduler, metrics: metrics as never }));
  while (await eraseOutputs({ database: ledger.as('output_safety'), metrics: metrics as never }));
  while (await eraseComments({ database: ledger.as('approval'), metrics: metrics as never }));
}

async function insertOutput(admin: Database, key: readonly [string, string], dispatch_id: string, decision: string) {
  const isSealed = decision !== 'allow';
  await admin.query(
    `INSERT INTO output.results (dispatch_id, tenant, job_id, attempt, pool, worker, status, retryable, output_decision, reason,
       findings, output_digest, salt, content, sealed, seal_key_id, duration_ms, traceparent)
     VALUES ($3, $1, $2, 1, 'desk', 'w1', 'succeeded', false, $4, '', '[]', $5, 'salt', $6, $7, $8, 1, '')`,
    [
      ...[...key, dispatch_id, decision, DIGEST],
      ...[
        decision === 'quarantine' ? null : '"secret"',
        isSealed ? Buffer.from('sealed') : null,
        isSealed ? 'k' : null,
      ],
    ],
  );
}
