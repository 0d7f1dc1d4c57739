/**
 * On a database with a past, no statement of any service goes through a table that grows, or through a whole index of it,
 * whether or not the planner has been told how large the tables are. Counted by the server, so that statements inside
 * functions, triggers and views count like any other.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { ServiceName } from '@countersign/contracts/ledger-entry';
import { waitUntil } from '@countersign/infra/wait-until';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { wouldReadWhole } from '../../harness/explain-statement.ts';
import { GROWING, growHistory } from '../../harness/grow-history.ts';
import { listStatements } from '../../harness/list-statements.ts';
import { plansSince, plansUntilNow, readTooMuch, writePlans } from '../../harness/read-plans.ts';
import { startSystem, type TestSystem } from '../../harness/start-system.ts';
import { startWorker } from '../../harness/start-worker.ts';
import { walkChanges } from '../../harness/walk-changes.ts';
import { answerWalk, walkEverything } from '../../harness/walk-everything.ts';

/** More than all statements of a walk through everything read by key. */
const PAST = 30_000;
/** Rows of a table in one statement that can still have been asked for by key. */
const BY_KEY = 2_000;
/** Idle backends report what they did within ten seconds. */
const REPORTED_MS = 11_000;

/** Calls that no walk reaches, and why they may be left out. */
const UNRUN: Readonly<Record<string, string>> = {
  'ledger.publish_from': 'moves the one row of ledger.published, when the stream was found behind',
};
let system: TestSystem;
const cleanUp = new AsyncDisposableStack();

beforeAll(async () => {
  system = cleanUp.use(await startSystem({ own_postgres: true, prepare_postgres: writePlans }));
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
  await waitUntil(
    'and counted',
    async () => (await system.api('auditor', 'GET', '/api/v1/kpis')).body.up_to_leaf >= PAST,
  );
  // What was read while the past was written is not counted.
  await pause(REPORTED_MS);
  cleanUp.use(await startWorker(system, 'demo-read', answerWalk));
}, 120_000);
afterAll(() => cleanUp.disposeAsync());

type Reading = { name: string; scans: number; rows: number };

/** Names of tables that were read whole, and of indexes of which more was read than by key. */
async function readWhole(): Promise<string[]> {
  const tables = await system.sql<Reading>(
    `SELECT schemaname || '.' || relname AS name, seq_scan::int AS scans, seq_tup_read::int AS rows FROM pg_stat_user_tables`,
  );
  const indexes = await system.sql<Reading & { table: string }>(
    `SELECT schemaname || '.' || relname AS table, indexrelname AS name, idx_scan::int AS scans, idx_tup_read::int AS rows
       FROM pg_stat_user_indexes`,
  );
  return [
    ...tables.filter(({ name, scans }) => GROWING.includes(name) && scans > 0),
    ...indexes.filter(({ table, rows }) => GROWING.includes(table) && rows >= PAST / 2),
  ].map(({ name, scans, rows }) => `${name}: ${rows} rows in ${scans} scans`);
}

describe.each(['never analysed', 'analysed'])('on grown tables, %s', (how) => {
  test('nothing is read whole by a walk through everything, nor by what sweeps do meanwhile', async () => {
    if (how === 'analysed') for (const table of GROWING) await system.sql(`ANALYZE ${table}`);
    await system.sql('SELECT pg_stat_reset()');
    const from = plansUntilNow(system.postgres!);
    await walkEverything(system);
    await walkChanges(system, how === 'analysed' ? 102 : 101, how === 'analysed' ? 'past-1' : 'past-2');
    await pause(REPORTED_MS);
    expect([...offences(from)]).toEqual([]);
    expect(await readWhole()).toEqual([]);
    expect(await offencesUnrun(new Set([...plansSince(system.postgres!, from)].map(({ text }) => text)))).toEqual([]);
  }, 120_000);
});

/** Each statement that read more of a growing table than by key, with what it read. */
function offences(from: number): Set<string> {
  const found = new Set<string>();
  for (const ran of plansSince(system.postgres!, from))
    for (const what of readTooMuch(ran, BY_KEY)) found.add(`${ran.user}: ${what}: ${ran.text.replace(/\s+/g, ' ')}`);
  return found;
}

/** What a walk did not run is planned as its service would run it. */
async function offencesUnrun(seen: ReadonlySet<string>): Promise<string[]> {
  const texts = [...seen];
  const found: string[] = [];
  for (const { file, by, shows, text } of listStatements()) {
    // `LIMIT 0` asks for rights, at start, and reads nothing.
    if (texts.some((each) => shows.test(each)) || UNRUN[by] || by.endsWith('LIMIT 0')) continue;
    const service = /^services\/([^/]+)/.exec(file)?.[1] ?? 'scheduler';
    const whole = text === null ? ['was never called'] : await planned(service as ServiceName, text);
    found.push(...whole.map((what) => `${file}: ${what}: ${by}`));
  }
  return found;
}

function planned(service: ServiceName, text: string): Promise<string[]> {
  return wouldReadWhole(system, service, text).catch((thrown: Error) => [`neither run nor planned: ${thrown.message}`]);
}

test('the check finds a statement that reads a table whole', async () => {
  await system.sql('SELECT pg_stat_reset()');
  await system.sql(`SELECT count(*) FROM scheduler.attempts WHERE worker = 'nobody'`);
  await pause(1_500);
  await system.sql('SELECT 1');
  await waitUntil('it is reported', async () => (await readWhole()).length > 0);
  expect((await readWhole()).join()).toContain('scheduler.attempts');
});
