/**
 * Two of every service under load and on a past, for as long as SOAK_SECONDS says: at the end everything has ended, no
 * growing table was read whole, and no statement takes long. `npm run soak`.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { TERMINAL_STATES } from '@countersign/contracts/states';
import { waitUntil } from '@countersign/infra/wait-until';
import { expect, test } from 'vitest';
import { loadStatementCounter } from '../../bench/count-costs.ts';
import { GROWING, growHistory } from '../../harness/grow-history.ts';
import { startSystem, type TestSystem } from '../../harness/start-system.ts';
import { startWorker } from '../../harness/start-worker.ts';
import { answerWalk, walkEverything } from '../../harness/walk-everything.ts';

const seconds = Number(process.env.SOAK_SECONDS ?? 0);
const PAST = 30_000;
/** Milliseconds between two jobs beside the walks, one walk after the other: two would take each other's warrants. */
const EVERY_MS = 50;
/** Idle backends report what they did within ten seconds. */
const REPORTED_MS = 11_000;
/** Milliseconds that a statement may take on average, on a machine that has other things to do. */
const MEAN_MS = 50;

test.skipIf(seconds === 0)(
  `${seconds} seconds of walks leave nothing open, nothing read whole and nothing slow`,
  async () => {
    await using system = await startLoaded();
    await growHistory(system, PAST);
    await untilPublished(system);
    await pause(REPORTED_MS);
    await system.sql('SELECT pg_stat_reset(), pg_stat_statements_reset()');
    await using _ = await startWorker(system, 'demo-read', answerWalk, 16);
    const done = await soak(system);
    await pause(REPORTED_MS);
    // Counted first: what this test asks itself goes through tables.
    const [slow, whole, reads] = [await slowest(system), await scannedWhole(system), await mostRead(system)];
    console.log(JSON.stringify({ seconds, ...done, slowest: slow.slice(0, 5), reads }, null, 1));
    await waitUntil('nothing is open', async () => (await openRows(system)).every(({ rows }) => rows === 0), {
      timeout_ms: 60_000,
    });
    await untilPublished(system);
    expect(done.refused).toBe(0);
    expect(whole).toEqual([]);
    expect(slow.filter(({ mean_ms }) => mean_ms > MEAN_MS)).toEqual([]);
  },
  seconds * 1_000 + 300_000,
);

function startLoaded(): Promise<TestSystem> {
  return startSystem({
    replicas: 2,
    own_postgres: true,
    prepare_postgres: async ({ admin_url, stop, start }) =>
      loadStatementCounter(admin_url, async () => {
        await stop();
        await start();
      }),
  });
}

type Done = { walks: number; jobs: number; refused: number };

async function soak(system: TestSystem): Promise<Done> {
  // As a real system has it: statistics come, and plans change under them.
  await system.sql('ALTER SYSTEM RESET autovacuum');
  await system.sql('SELECT pg_reload_conf()');
  const done = { walks: 0, jobs: 0, refused: 0 };
  const end = Date.now() + seconds * 1_000;
  const walker = async (): Promise<void> => {
    for (; Date.now() < end; done.walks += 1) await walkEverything(system);
  };
  const feeder = async (): Promise<void> => {
    for (; Date.now() < end; done.jobs += 1) {
      const { status } = await system.api('agent', 'POST', '/api/v1/jobs', {
        topic: 'job.demo.read',
        prompt: 'status',
      });
      if (status !== 202) done.refused += 1;
      await pause(EVERY_MS);
    }
  };
  await Promise.all([walker(), feeder()]);
  return done;
}

function openRows(system: TestSystem): Promise<{ of: string; rows: number }[]> {
  return system.sql(
    `SELECT 'jobs' AS "of", count(*)::int AS rows FROM scheduler.jobs WHERE state <> ALL ($1)
     UNION ALL SELECT 'attempts', count(*)::int FROM scheduler.attempts WHERE state IN ('dispatched', 'running', 'reported')
     UNION ALL SELECT 'approvals', count(*)::int FROM approval.approvals WHERE state = 'open'`,
    [TERMINAL_STATES],
  );
}

async function untilPublished(system: TestSystem): Promise<void> {
  await waitUntil(
    'all evidence is published',
    async () => {
      const [row] = await system.sql<{ left: number }>(
        'SELECT (SELECT max(id) FROM ledger.entries)::bigint - e.id AS left FROM ledger.published p JOIN ledger.leaves l ON l.leaf_index = p.next_leaf - 1 JOIN ledger.entries e ON e.id = l.entry_id',
      );
      return Number(row?.left) === 0;
    },
    { timeout_ms: 120_000 },
  );
}

/** Of the services' statements, by their mean. */
function slowest(system: TestSystem): Promise<{ text: string; calls: number; mean_ms: number; max_ms: number }[]> {
  return system.sql(
    `SELECT left(regexp_replace(s.query, '\\s+', ' ', 'g'), 90) AS text, s.calls::int, round(s.mean_exec_time::numeric, 2)::float8 AS mean_ms,
            round(s.max_exec_time::numeric, 1)::float8 AS max_ms
       FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
      WHERE r.rolname LIKE 'countersign_%' ORDER BY s.mean_exec_time DESC`,
  );
}

/** Growing tables that were gone through, by whomever. */
async function scannedWhole(system: TestSystem): Promise<string[]> {
  const rows = await system.sql<{ name: string; scans: number }>(
    `SELECT schemaname || '.' || relname AS name, seq_scan::int AS scans FROM pg_stat_user_tables WHERE seq_scan > 0`,
  );
  return rows.filter(({ name }) => GROWING.includes(name)).map(({ name, scans }) => `${name}: ${scans} scans`);
}

/** Rows that one scan of an index of a growing table read, on average. */
function mostRead(system: TestSystem): Promise<{ name: string; scans: number; a_scan: number }[]> {
  return system.sql(
    `SELECT indexrelname AS name, idx_scan::int AS scans, round(idx_tup_read::numeric / idx_scan, 1)::float8 AS a_scan
       FROM pg_stat_user_indexes WHERE idx_scan > 0 AND schemaname || '.' || relname = ANY ($1) ORDER BY 3 DESC LIMIT 5`,
    [GROWING],
  );
}
