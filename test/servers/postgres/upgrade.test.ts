/**
 * A database of the first release, with jobs in every state, is migrated while services of before still run: nothing of it
 * is lost, what they say is still understood, and the new steps take every job on from where it stands.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { JOB_STATES } from '@countersign/contracts/states';
import { applyMigrations, migrate } from '@countersign/infra/postgres/migrate';
import { readMigrations } from '@countersign/infra/postgres/schema-files';
import { waitUntil } from '@countersign/infra/wait-until';
import { claimAttempts } from '@countersign/scheduler/claim/claim-attempts';
import { dispatchJobs } from '@countersign/scheduler/dispatch/dispatch-jobs';
import { endJobs } from '@countersign/scheduler/finish/end-jobs';
import { readAgenda } from '@countersign/scheduler/store-agenda';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ACTOR, decidedJob, POOL, TENANT, TOPIC } from '../../cases/scheduler/decided-job.ts';
import { databaseUrl, withClient } from '../../harness/build-template.ts';
import { runSteps, type StepRun } from '../scheduler/run-steps.ts';

/** What the first release had. */
const BEFORE = [
  'audit/001-ledger.sql',
  'audit/002-sealing.sql',
  'audit/003-control.sql',
  'audit/004-policy-kinds.sql',
  'ingress/001-identity.sql',
  'policy-kernel/001-policy.sql',
  'policy-kernel/002-publishing.sql',
  'scheduler/001-scheduler.sql',
  'scheduler/002-history.sql',
  'approval/001-approval.sql',
  'output-safety/001-output.sql',
];

function DIGEST(n: number): string {
  return `sha256:${String(n).repeat(64)}`;
}
const UNDER_WAY: Readonly<Record<string, string>> = { dispatched: 'dispatched', running: 'running' };

let run: StepRun;
const cleanUp = new AsyncDisposableStack();
const attempts = new Map<string, string>();
const before = new Map<string, unknown>();
const leaves: { leaf_index: number; entry_id: number; hash: string }[] = [];
const LEAVES = `SELECT leaf_index::int, entry_id::int, encode(hash, 'hex') AS hash`;

async function rowOf(state: string) {
  const [row] = await run.admin.query<Record<string, unknown>>(
    `SELECT state, topic, actor, job_hash, effective_digest, attempt, pool, priority, deadline_at, created_at, updated_at
       FROM scheduler.jobs WHERE job_id = $1`,
    [state],
  );
  return row;
}

/** Those that there were; `parked` came with the limits. */
const OLD_STATES = JOB_STATES.filter((state) => state !== 'parked');

/** As the services of before wrote it. */
async function insertJob(state: string): Promise<void> {
  const { decisions, rewritten, effective } = decidedJob(state, { epoch: run.epoch() });
  const started = state in UNDER_WAY;
  await run.admin.query(
    `INSERT INTO scheduler.jobs (tenant, job_id, topic, capability, labels, actor, auth_method, owner, state, decision,
       policy_version, policy_snapshot, policy_epoch, job_hash, effective_digest, held_seq, attempt, runs, pool, deadline_at,
       traceparent)
     VALUES ($1, $2, $3, 'desk.read', '{}', $4, 'api_key', 'olivia', $2, 'allow', 1, $5, $6, $7, $8, $9, $10, $11, $12,
       now() + interval '1 day', '')`,
    [
      TENANT,
      state,
      TOPIC,
      ACTOR,
      DIGEST(1),
      run.epoch(),
      DIGEST(2),
      DIGEST(3),
      state === 'held' ? 1 : 0,
      started ? 1 : 0,
      state === 'running' ? 1 : 0,
      POOL,
    ],
  );
  await run.admin.query(
    `INSERT INTO scheduler.contexts (tenant, job_id, request, rewritten, effective, actor, salt, plain_digest, decisions)
     VALUES ($1, $2, '{}', $3, $4, $5, $6, $7, $8)`,
    [
      TENANT,
      state,
      JSON.stringify(rewritten),
      JSON.stringify(effective),
      JSON.stringify({ id: ACTOR, type: 'agent', owner: 'olivia', auth_method: 'api_key', ceiling: null }),
      Buffer.alloc(32, 5).toString('base64url'),
      DIGEST(4),
      JSON.stringify(decisions),
    ],
  );
  if (!started) return;
  attempts.set(state, randomUUID());
  await run.admin.query(
    `INSERT INTO scheduler.attempts (dispatch_id, tenant, job_id, attempt, pool, worker, claim_id, state, decision_id,
       policy_snapshot, policy_epoch, effective_digest, payload_digest, timeout_ms, max_attempts, max_output_bytes,
       pool_concurrency, due_at, run_until)
     VALUES ($1, $2, $3, 1, $4, $5, $6, $3, $7, $8, $9, $8, $8, 60000, 3, 1000, 3, now() + interval '1 hour',
       now() + interval '1 hour')`,
    [
      attempts.get(state),
      TENANT,
      state,
      POOL,
      state === 'running' ? 'w1' : null,
      state === 'running' ? randomUUID() : null,
      randomUUID(),
      DIGEST(1),
      run.epoch(),
    ],
  );
}

/** One turn of the sealer is over, another has not committed when its leaves are to be copied. */
async function migrateWhileSealing(admin_url: string, audit_url: string): Promise<void> {
  const LEAVES_MOVE = 'audit/025-leaves-by-the-row.sql';
  await applyMigrations(
    admin_url,
    readMigrations().filter(({ name }) => name < LEAVES_MOVE || BEFORE.includes(name)),
  );
  await withClient(audit_url, async (sealer) => {
    await appendEntries(3);
    await sealer.query('SELECT ledger.seal(100)');
    await appendEntries(100);
    await sealer.query('BEGIN');
    await sealer.query('SELECT ledger.seal(100)');
    leaves.push(...(await sealer.query(`${LEAVES} FROM ledger.leaves ORDER BY leaf_index`)).rows);
    const migrated = migrate(admin_url);
    await waitUntil('the migrations wait for the sealer', async () => {
      const waiting = `SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
        WHERE NOT granted AND relation = 'ledger.leaves'::regclass AND datname = current_database()`;
      return (await run.admin.query(waiting)).length > 0;
    });
    await sealer.query('COMMIT');
    await migrated;
  });
}

async function appendEntries(n: number): Promise<void> {
  const entry = [['job:acme:sealed'], ['job_admitted'], [TENANT], [TOPIC], ['{}']].map((one) => Array(n).fill(one[0]));
  await run.replicas[0]!.database.query(
    'SELECT ledger.append($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])',
    entry,
  );
}

beforeAll(async () => {
  const { admin_url: server_url, role_password } = inject('test_stack');
  const name = `upgrade_${randomBytes(8).toString('hex')}`;
  await withClient(server_url, (client) => client.query(`CREATE DATABASE ${name}`));
  cleanUp.defer(() =>
    withClient(server_url, async (client) => void (await client.query(`DROP DATABASE ${name} WITH (FORCE)`))),
  );
  const admin_url = databaseUrl(server_url, name);
  const url_for = (role: string): string => {
    const url = new URL(admin_url);
    url.username = role;
    url.password = role_password;
    return url.href;
  };
  await applyMigrations(
    admin_url,
    readMigrations().filter((migration) => BEFORE.includes(migration.name)),
  );
  run = cleanUp.use(await runSteps(3, { admin_url, url_for }));
  for (const state of OLD_STATES) await insertJob(state);
  for (const state of OLD_STATES) before.set(state, await rowOf(state));
  await migrateWhileSealing(admin_url, url_for('countersign_audit'));
});
afterAll(() => cleanUp.disposeAsync());

test.each(OLD_STATES)('a job that is %s is what it was', async (state) => {
  expect(await rowOf(state)).toEqual(before.get(state));
});

test('the sweeps find what is open', async () => {
  expect(await readAgenda(run.replicas[0]!.database)).toMatchObject({
    cleared: true,
    held: true,
    under_way: true,
    lost: false,
  });
});

test('every leaf stands where it stood, one that was sealed as the migrations began, too', async () => {
  expect(leaves.length).toBeGreaterThan(100);
  for (const where of ['ledger.leaves', 'ledger.leaves_from(0, 1000)']) {
    expect(await run.admin.query(`${LEAVES} FROM ${where} ORDER BY leaf_index`)).toEqual(leaves);
  }
});

describe('a service of before', () => {
  test('finds leaves by the names it knows', async () => {
    const { entry_id } = leaves[70]!;
    const asked = async (text: string) => run.admin.query(text);
    expect(await asked('SELECT coalesce(max(leaf_index) + 1, 0) AS "end" FROM ledger.leaves')).toEqual([
      { end: leaves.length },
    ]);
    expect(
      await asked(`SELECT l.leaf_index FROM ledger.entries e JOIN ledger.leaves l ON l.entry_id = e.id
                    WHERE e.chain = 'job:acme:sealed' AND l.leaf_index >= 100 ORDER BY e.seq LIMIT 2`),
    ).toEqual([{ leaf_index: 100 }, { leaf_index: 101 }]);
    expect(await asked(`SELECT leaf_index FROM ledger.leaves WHERE entry_id = ${entry_id}`)).toEqual([
      { leaf_index: 70 },
    ]);
  });

  test('reads the gate, appends evidence and fences an attempt by the names it knows', async () => {
    const { database } = run.replicas[0]!;
    const [gate] = await database.query<{ state: object }>('SELECT control.gate($1::text[], $2::text[]) AS state', [
      [TENANT],
      [ACTOR],
    ]);
    expect(gate!.state).toMatchObject({ policies: { [TENANT]: { epoch: run.epoch() } }, switches: [], revoked: [] });
    const entry = [['job:acme:held'], ['job_admitted'], [TENANT], [TOPIC], ['{}']];
    await database.query('SELECT ledger.append($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])', entry);
    const fenced = await run.admin.query('SELECT acceptable FROM scheduler.fence($1::uuid[])', [
      [attempts.get('running')],
    ]);
    expect(fenced).toEqual([{ acceptable: true }]);
  });

  test('stores content without a seal', async () => {
    await run.replicas[0]!.database.query(
      `INSERT INTO scheduler.contexts (tenant, job_id, request, rewritten, effective, actor, salt, plain_digest, decisions)
       SELECT * FROM unnest('{acme}'::text[], '{late}'::text[], '{x}'::text[], '{x}'::text[], '{x}'::text[], '{x}'::text[],
         '{x}'::text[], '{x}'::text[], '{[]}'::text[])`,
    );
    const [row] = await run.admin.query(`SELECT seal, sealed_until FROM scheduler.contexts WHERE job_id = 'late'`);
    expect(row).toEqual({ seal: null, sealed_until: null });
  });
});

describe('the new steps', () => {
  test('grant an attempt that was sent before', async () => {
    const claim = { dispatch_id: attempts.get('dispatched')!, claim_id: randomUUID(), pool: POOL, worker: 'w1' };
    expect(await claimAttempts(run.replicas[0]!, [claim])).toMatchObject([
      { outcome: 'granted', job_id: 'dispatched' },
    ]);
    expect(await rowOf('dispatched')).toMatchObject({ state: 'running' });
  });

  test('send a job that was cleared before, after asking the kernel', async () => {
    await dispatchJobs(run.replicas[0]!);
    expect(await rowOf('cleared')).toMatchObject({ state: 'dispatched', attempt: 1 });
    const [entry] = await run.admin.query<{ body: string }>(
      `SELECT body FROM ledger.entries WHERE chain = 'job:acme:cleared' AND kind = 'job_dispatched'`,
    );
    expect(JSON.parse(entry!.body)).toMatchObject({ decided_by: 'kernel' });
  });

  test('end a job whose output a service of before has screened', async () => {
    await run.admin.query(
      `INSERT INTO output.results (dispatch_id, tenant, job_id, attempt, pool, worker, status, retryable, output_decision,
         reason, findings, output_digest, duration_ms, traceparent)
       VALUES ($1, $2, 'running', 1, $3, 'w1', 'succeeded', false, 'allow', '', '[]', $4, 1, '')`,
      [attempts.get('running'), TENANT, POOL, DIGEST(1)],
    );
    expect(await endJobs(run.replicas[0]!, [attempts.get('running')!])).toBe(1);
    expect(await rowOf('running')).toMatchObject({ state: 'succeeded' });
  });
});
