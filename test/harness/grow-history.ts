/**
 * A database with a past: ended jobs with everything that belongs to them, closed approvals, sealed evidence, old policies
 * and keys. Written past the services, as many years would.
 */
import { withClient } from './build-template.ts';
import { packLeaves } from './change-leaves.ts';
import type { TestSystem } from './start-system.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;

/** `$1` rows of each. The names sort among real ones. */
const PAST = [
  `INSERT INTO scheduler.jobs (tenant, job_id, topic, capability, labels, actor, auth_method, owner, state, decision,
     policy_version, policy_snapshot, policy_epoch, job_hash, effective_digest, attempt, runs, held_seq, pool, deadline_at,
     traceparent, idempotency_key, created_at)
   SELECT 'default', 'past-' || i, 'job.demo.read', 'demo.read',
          CASE WHEN i % 2 = 0 THEN '{"run":"past-' || i % 1000 || '"}' ELSE '{}' END,
          CASE WHEN i % 10 = 0 THEN 'admin' ELSE 'desk-agent' END, 'api_key', 'olivia', 'succeeded',
          'allow', 1, '${DIGEST}', 1, '${DIGEST}', '${DIGEST}', 1, 1, 1, 'demo-read', now() - interval '1 day', '',
          'key-' || i, now() - i * interval '1 second'
     FROM generate_series(1, $1::int) AS i`,
  `INSERT INTO scheduler.contexts (tenant, job_id, request, rewritten, effective, actor, salt, plain_digest, decisions)
   SELECT 'default', 'past-' || i, NULL, NULL, NULL, '{}', NULL, NULL, '[]' FROM generate_series(1, $1::int) AS i`,
  `INSERT INTO scheduler.attempts (dispatch_id, tenant, job_id, attempt, pool, worker, claim_id, state, decision_id,
     policy_snapshot, policy_epoch, effective_digest, payload_digest, timeout_ms, max_attempts, max_output_bytes,
     pool_concurrency, due_at)
   SELECT gen_random_uuid(), 'default', 'past-' || i, 1, 'demo-read', 'w1', gen_random_uuid(), 'ended',
          gen_random_uuid(), '${DIGEST}', 1, '${DIGEST}', '${DIGEST}', 1000, 1, 1000, 8, now() - interval '1 day'
     FROM generate_series(1, $1::int) AS i`,
  `INSERT INTO output.results (dispatch_id, tenant, job_id, attempt, pool, worker, status, retryable, output_decision,
     reason, findings, output_digest, duration_ms, traceparent)
   SELECT dispatch_id, tenant, job_id, 1, pool, worker, 'succeeded', false, 'allow', '', '[]', '${DIGEST}', 1, ''
     FROM scheduler.attempts WHERE job_id LIKE 'past-%' LIMIT $1::int`,
  `INSERT INTO output.rejections (dispatch_id, count) SELECT gen_random_uuid(), 1 FROM generate_series(1, $1::int)`,
  `INSERT INTO approval.approvals (approval_id, tenant, job_id, held_seq, topic, requester, auth_method, job_hash,
     effective_digest, policy_version, policy_snapshot, policy_epoch, reason, stages, max_attempts, digest, state,
     opened_at, expires_at, closed_at, traceparent)
   SELECT gen_random_uuid(), 'default', 'past-' || i, 1, 'job.demo.read', 'desk-agent', 'api_key', '${DIGEST}',
          '${DIGEST}', 1, '${DIGEST}', 1, '', '[{}]', 1, '${DIGEST}', 'granted', now(), now(), now(), ''
     FROM generate_series(1, $1::int) AS i`,
  `INSERT INTO approval.votes (approval_id, voter, auth_method, vote, stage, "group", voted_at)
   SELECT approval_id, 'olivia', 'api_key', 'approve', 0, 'approvers', now() FROM approval.approvals
    WHERE job_id LIKE 'past-%' LIMIT $1::int`,
  `INSERT INTO ledger.entry_rows (chain, seq, kind, recorded_by, tenant, topic, time_us, body, prev_hash, hash)
   SELECT 'job:default:past-' || i, 1, 'job_admitted', 'countersign_scheduler', 'default', 'job.demo.read', i, '{}', '', sha256(i::text::bytea)
     FROM generate_series(1, $1::int) AS i`,
  // Sealed, as it would be by now; publishing them is left to the audit service, who believes the stream alone.
  packLeaves(`(SELECT ledger.leaf_count() + row_number() OVER (ORDER BY e.id) - 1 AS leaf_index, e.id AS entry_id, e.hash
     FROM ledger.entries e WHERE NOT EXISTS (SELECT FROM ledger.leaves l WHERE l.entry_id = e.id) AND $1::int > 0)`),
  `UPDATE ledger.sealer SET sealed = pg_current_snapshot(), draining = NULL, after_id = 0, last_id = 0 WHERE $1::int > 0`,
  `INSERT INTO policy.bundles (document, document_sha256, state, judged_at, code)
   SELECT i::text, sha256(i::text::bytea), 'rejected', now(), 'field_invalid' FROM generate_series(1, $1::int) AS i`,
  `INSERT INTO policy.activations (scope, epoch, version, snapshot, bundle_id, key_ids, output_policy)
   SELECT 'past-' || (i % 50), -i, -i, 'past-' || i, (SELECT min(bundle_id) FROM policy.bundles), '{k}', '{}'
     FROM generate_series(1, $1::int) AS i`,
  `INSERT INTO control.revocations (subject, revoked_at) SELECT 'past-' || i, now() FROM generate_series(1, $1::int) AS i`,
  // Each key's principal is there, and each would be looked at by three triggers.
  `SELECT set_config('session_replication_role', 'replica', false) WHERE $1::int > 0`,
  `INSERT INTO identity.api_keys (key_id, key_sha256, principal_id, permissions, tenant)
   SELECT 'past-' || i, sha256(('past-' || i)::bytea), p.principal_id, '{}', p.tenant
     FROM generate_series(1, $1::int) AS i
     CROSS JOIN (SELECT * FROM identity.principals ORDER BY principal_id LIMIT 1) AS p`,
  `SELECT set_config('session_replication_role', 'origin', false) WHERE $1::int > 0`,
];

/** The tables that grow with use, and never stop. */
export const GROWING = [
  'scheduler.jobs',
  'scheduler.contexts',
  'scheduler.attempts',
  'output.results',
  'output.rejections',
  'approval.approvals',
  'approval.votes',
  'ledger.entry_rows',
  'ledger.sealed_leaves',
  'policy.bundles',
  'policy.activations',
  'control.revocations',
  'identity.api_keys',
];

/** The audit service seals meanwhile; under its lock no leaf is given twice. */
export async function growHistory({ admin_url }: Pick<TestSystem, 'admin_url'>, rows: number): Promise<void> {
  await withClient(admin_url, async (client) => {
    // The session's, and not a transaction's: what is sealed is told by which transactions have ended.
    await client.query('SELECT pg_advisory_lock(1279607880, 0)');
    for (const text of PAST) await client.query(text, [rows]);
  });
}
