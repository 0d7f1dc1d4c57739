/**
 * `npm run bench:log`: where the bytes of Postgres' log go that a job writes, by relation and kind of record (pg_walinspect), one
 * job after the other, every service its own process. JOBS.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { spawnGuarded } from '@countersign/infra/spawn-guarded';
import { waitUntil } from '@countersign/infra/wait-until';
import { workerSettings } from '../harness/worker-settings.ts';
import { type LoadedSystem, say, startLoadedSystem } from './loaded-system.ts';

const jobs = Number(process.env.JOBS ?? 60);
const POOL = 'demo-read';
/** All is sealed, published and signed. */
const SETTLED_MS = 2_500;

/** A record counts once, for the first relation that it changes; full-page images are left out. */
const ACCOUNT = `
SELECT coalesce(n.nspname || '.' || c.relname, '-') AS relation, w.type, sum(w.bytes)::float8 AS bytes, count(*)::float8 AS records
  FROM (SELECT DISTINCT ON (r.start_lsn) r.resource_manager || ' ' || r.record_type AS type,
               r.record_length - r.fpi_length AS bytes, b.relfilenode
          FROM pg_get_wal_records_info($1, $2) r LEFT JOIN pg_get_wal_block_info($1, $2, false) b ON b.start_lsn = r.start_lsn
         ORDER BY r.start_lsn, b.block_id) w
  LEFT JOIN pg_class c ON c.relfilenode = w.relfilenode LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
 GROUP BY 1, 2 ORDER BY 3 DESC`;

await using system = await startLoadedSystem('log');
await using worker = await startReader(system);
await system.admin.query('CREATE EXTENSION IF NOT EXISTS pg_walinspect');
for (let i = 0; i < 30; i += 1) await runOne();
// What a page logs when it is changed first after a checkpoint is no job's.
await system.admin.query('CHECKPOINT');
for (let i = 0; i < 10; i += 1) await runOne();
const from = await endOfLog();
for (let i = 0; i < jobs; i += 1) await runOne();
const rows = await system.admin.query<{ relation: string; type: string; bytes: number; records: number }>(ACCOUNT, [
  from,
  await endOfLog(),
]);
const shown = (value: number, digits: number): string => (value / jobs).toFixed(digits).padStart(9);
for (const { relation, type, bytes, records } of rows)
  say(`${relation.padEnd(44)} ${type.padEnd(30)} ${shown(bytes, 0)} ${shown(records, 2)}`);
say(`${'a job, bytes and records'.padEnd(75)} ${shown(sumOf('bytes'), 0)} ${shown(sumOf('records'), 2)}`);
await worker[Symbol.asyncDispose]();

function sumOf(name: 'bytes' | 'records'): number {
  return rows.reduce((sum, row) => sum + row[name], 0);
}

async function endOfLog(): Promise<string> {
  await pause(SETTLED_MS);
  const [row] = await system.admin.query<{ lsn: string }>('SELECT pg_current_wal_flush_lsn()::text AS lsn');
  return row!.lsn;
}

async function runOne(): Promise<void> {
  const headers = { 'x-api-key': system.system.keys.api_keys.agent, 'content-type': 'application/json' };
  const body = JSON.stringify({ topic: 'job.demo.read', prompt: 'status' });
  const answer = await fetch(`${system.url}/api/v1/jobs`, { method: 'POST', headers, body });
  const { job_id } = (await answer.json()) as { job_id: string };
  const ended = `SELECT FROM scheduler.jobs WHERE job_id = $1 AND state = 'succeeded'`;
  await waitUntil('the job ends', async () => (await system.admin.query(ended, [job_id])).length > 0, { every_ms: 5 });
}

async function startReader({ system: { keys, nats } }: LoadedSystem): Promise<AsyncDisposable> {
  const settings = {
    ...workerSettings(keys, nats.url, POOL),
    concurrency: 32,
  };
  const started = await spawnGuarded({
    name: 'worker',
    command: process.execPath,
    args: [join(import.meta.dirname, 'worker.ts')],
    log_path: join(system.dir, 'worker.log'),
    stop_signal: 'SIGTERM',
    grace_seconds: 10,
    env: { PATH: process.env.PATH ?? '', BENCH_WORKER: JSON.stringify(settings) },
    cwd: import.meta.dirname,
  });
  await waitUntil('the worker is ready', () => started.said().includes('ready'));
  return { [Symbol.asyncDispose]: () => started.stop() };
}
