// On a database with a past, no statement of any service goes through a table that grows, or through a whole index of it,
// whether or not the planner has been told how large the tables are. Counted by the server, so that statements inside
// functions, triggers and views count like any other.
import { setTimeout as pause } from 'node:timers/promises';
import { waitUntil } from '@countersign/infra/wait-until';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GROWING, growHistory } from '../../harness/grow-history.ts';
import { playWorker } from '../../harness/play-worker.ts';
import { startSystem, type TestSystem } from '../../harness/start-system.ts';
import { startWorker } from '../../harness/start-worker.ts';
import { waitForApproval, waitForEnd } from '../../harness/wait-for-job.ts';

/** More than all statements of a walk through everything read by key. */
const PAST = 30_000;
/** Idle backends report what they did within ten seconds. */
const REPORTED_MS = 11_000;
const REFUND = { topic: 'job.desk.refund.order', payload: { customer_id: 7, amount_cents: 9_900 } };
const READ = { topic: 'job.demo.read', prompt: 'status' };

let system: TestSystem;
const cleanUp = new AsyncDisposableStack();

beforeAll(async () => {
  system = cleanUp.use(await startSystem());
  for (const table of GROWING) await system.sql(`ALTER TABLE ${table} SET (autovacuum_enabled = false)`);
  await growHistory(system, PAST);
  await waitUntil(
    'the past is sealed and published',
    async () => {
      const [row] = await system.sql<{ left: number }>(
        'SELECT (SELECT count(*) FROM ledger.entries)::int - p.next_leaf::int AS left FROM ledger.published p',
      );
      return row!.left <= 0;
    },
    { timeout_ms: 60_000 },
  );
  // What was read while the past was written is not counted.
  await pause(REPORTED_MS);
  cleanUp.use(
    await startWorker(system, 'demo-read', ({ prompt }) => {
      if (prompt === 'fails') throw new Error('as it was told');
      return prompt === 'leaks' ? { key: `AKIA${'ABCDEFGHIJKLMNOP'}` } : { ok: true };
    }),
  );
}, 120_000);
afterAll(() => cleanUp.disposeAsync());

const submit = async (body: object): Promise<string> =>
  (await system.api('agent', 'POST', '/api/v1/jobs', body)).body.job_id;
const get = (path: string, who: 'agent' | 'auditor' | 'approver' | 'admin' = 'auditor') =>
  system.api(who, 'GET', `/api/v1/${path}`);
const vote = async (job_id: string, say: 'approve' | 'reject'): Promise<void> => {
  const { approval_id, digest } = await waitForApproval(system, job_id);
  await system.api('approver', 'POST', `/api/v1/approvals/${approval_id}/${say}`, { digest });
};
const cancel = (job_id: string) => system.api('agent', 'POST', `/api/v1/jobs/${job_id}/cancel`, { reason: 'drill' });

/** A job of every kind through every step, and everything that can be asked about it. */
async function walkThroughEverything(): Promise<void> {
  const done = await submit(READ);
  await waitForEnd(system, done);
  await waitForEnd(system, await submit({ ...READ, prompt: 'fails' }));
  await waitForEnd(system, await submit({ ...READ, prompt: 'leaks' }));
  await submit({ topic: 'job.exec.shell', prompt: 'rm -rf /' });
  const twice = { ...READ, job_id: `twice-${done}` };
  await submit(twice);
  await submit(twice);
  const [refused, cancelled, expired] = [
    await submit(REFUND),
    await submit(REFUND),
    await submit({ ...REFUND, deadline_ms: 1_000 }),
  ];
  await vote(refused, 'reject');
  await waitForEnd(system, refused);
  await waitForApproval(system, cancelled);
  await cancel(cancelled);
  await waitForEnd(system, expired);
  const approved = await submit(REFUND);
  await vote(approved, 'approve');
  await using worker = await playWorker(system, 'desk-write');
  const held = await worker.hold(approved);
  await worker.beat(held);
  await cancel(approved);
  await worker.beat(held);
  await worker.report(held, { stopped: true }, { result: { status: 'stopped' } });
  await waitForEnd(system, approved);
  await readEverything(done, approved);
}

async function readEverything(done: string, approved: string): Promise<void> {
  for (const path of [
    'jobs?limit=5',
    'jobs?limit=5&state=succeeded&topic=job.demo.read',
    `jobs/${done}`,
    `jobs/${done}/result`,
    `jobs/${done}/timeline`,
    `jobs/${done}/decisions`,
    `jobs/${done}/record`,
    'approvals?limit=5',
    'approvals?limit=5&state=open',
    'approvals?limit=5&state=granted',
    `approvals?job_id=${approved}`,
  ])
    await get(path);
  await get(`jobs/${done}/result`, 'agent');
  await get('policy/bundles?limit=5', 'admin');
}

/**
 * An index of which one scan of a walk still reads much while the planner knows nothing of the table; after ANALYZE none
 * does. Not explained yet, and to be found before anything else is added here.
 */
const OPEN_FINDINGS: Readonly<Record<string, readonly string[]>> = {
  'never analysed': ['approvals_listed'],
  analysed: [],
};

type Reading = { name: string; scans: number; rows: number };
/** Names of tables that were read whole, and of indexes of which more was read than by key. */
async function readWhole(open: readonly string[] = []): Promise<string[]> {
  const tables = await system.sql<Reading>(
    `SELECT schemaname || '.' || relname AS name, seq_scan::int AS scans, seq_tup_read::int AS rows FROM pg_stat_user_tables`,
  );
  const indexes = await system.sql<Reading & { table: string }>(
    `SELECT schemaname || '.' || relname AS table, indexrelname AS name, idx_scan::int AS scans, idx_tup_read::int AS rows
       FROM pg_stat_user_indexes`,
  );
  return [
    ...tables.filter(({ name, scans }) => GROWING.includes(name) && scans > 0),
    ...indexes.filter(({ table, name, rows }) => GROWING.includes(table) && rows >= PAST / 2 && !open.includes(name)),
  ].map(({ name, scans, rows }) => `${name}: ${rows} rows in ${scans} scans`);
}

describe.each(['never analysed', 'analysed'])('on grown tables, %s', (how) => {
  test('nothing is read whole by a walk through everything, nor by what sweeps do meanwhile', async () => {
    if (how === 'analysed') for (const table of GROWING) await system.sql(`ANALYZE ${table}`);
    await system.sql('SELECT pg_stat_reset()');
    await walkThroughEverything();
    await pause(REPORTED_MS);
    expect(await readWhole(OPEN_FINDINGS[how])).toEqual([]);
  }, 120_000);
});

test('the check finds a statement that reads a table whole', async () => {
  await system.sql('SELECT pg_stat_reset()');
  await system.sql(`SELECT count(*) FROM scheduler.attempts WHERE worker = 'nobody'`);
  await pause(1_500);
  await system.sql('SELECT 1');
  await waitUntil('it is reported', async () => (await readWhole()).length > 0);
  expect((await readWhole()).join()).toContain('scheduler.attempts');
});
