/**
 * Drives the example's read job through HTTP, policy, scheduler, worker, screening and release, every service its own
 * process, and says how fast, how late and on whose CPU.
 */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { allSettings, type PrepareOptions, prepareSystem } from '@countersign/infra/development-environment';
import { DEVELOPMENT_TENANT as tenant } from '@countersign/infra/development-roster';
import { findFreePort } from '@countersign/infra/find-free-port';
import type { Stack } from '@countersign/infra/local-stack';
import { runServices } from '@countersign/infra/run-services';
import { spawnGuarded } from '@countersign/infra/spawn-guarded';
import { waitUntil } from '@countersign/infra/wait-until';
import pg from 'pg';
import { growHistory } from '../harness/grow-history.ts';
import { workerSettings } from '../harness/worker-settings.ts';
import { checkJobs } from './check-jobs.ts';
import { type Counted, countCosts } from './count-costs.ts';
import { cpuPerJob, readCpu } from './cpu-account.ts';
import type { LoadResult } from './submit-load.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const POOL = 'demo-read';

type Driven = {
  /** That ended within the seconds of the load, from the first submission on. */
  jobs_per_s: number;
  cpu_us: Map<string, number>;
  /** At the fixed rate, where batches are small. */
  cpu_us_fixed: Map<string, number>;
  fixed: LoadResult;
  ended_ms: number[];
  refused: number;
  /** Null where they were not counted. */
  counted: Counted | null;
};

type DriveOptions = {
  /** Of each load. */
  seconds: number;
  /** Of every service. */
  replicas?: number;
  /** Rows of everything that grows, written beforehand. */
  history?: number;
  /** Jobs whose costs the servers count, one by one; 0 counts none. */
  counted_jobs?: number;
};

export async function driveCountersign(
  stack: Stack,
  prepared: PrepareOptions,
  { seconds, replicas = 1, history = 0, counted_jobs = 0 }: DriveOptions,
): Promise<Driven> {
  mkdirSync(prepared.dir, { recursive: true });
  await prepareSystem({ ...prepared, bundle_dir: join(HERE, 'bundle') });
  const database = new pg.Pool({ connectionString: prepared.admin_url, max: 1 });
  await using closing = new AsyncDisposableStack();
  closing.defer(() => database.end());
  if (history > 0) await growHistory(prepared, history);
  const services = closing.use(
    await runServices({
      dir: join(prepared.dir, 'logs'),
      separate: true,
      replicas,
      settings: allSettings(prepared),
      http_port: await findFreePort(),
      // `BENCH_NODE_OPTIONS=--cpu-prof` shows where each service's time goes.
      extra: { LOG_LEVEL: 'warn', NODE_OPTIONS: process.env.BENCH_NODE_OPTIONS ?? '' },
    }),
  );
  const worker = await startWorker(prepared);
  closing.defer(() => worker.stop());
  const load = { url: services.url, key: prepared.keys.api_keys.agent };
  const roots = new Map<string, number>([
    ...[...services.processes].map(([name, { pid }]) => [name, pid!] as const),
    ['worker', worker.pid],
    ['nats-server', stack.nats.pid!],
    ['postgres', stack.postgres.pid!],
  ]);
  if (history > 0) {
    await untilPublished(database);
    // As years would have: statistics, visibility, and no checkpoint of the load under way.
    await database.query('VACUUM (ANALYZE)');
    await database.query('CHECKPOINT');
  }
  const since = (await database.query('SELECT clock_timestamp()::text AS at')).rows[0].at;
  // What has run before is compiled and its plans are made: a system that has been up for a while.
  const warm_up = await runLoad({ ...load, rate: 0, clients: 16, seconds: 4 });
  await waitUntil('the warm-up is done', async () => (await countOpen(database)) === 0, { timeout_ms: 60_000 });
  const alone: string[] = [];
  const counted = counted_jobs > 0 ? await countJobs(stack, prepared, load, counted_jobs, alone) : null;
  const idle = readCpu(roots);
  const fixed = await runLoad({ ...load, rate: 200, clients: 0, seconds });
  const cpu_us_fixed = cpuPerJob(idle, readCpu(roots), fixed.accepted);
  const ended_ms = await endedWithin(database, seconds + 1);
  const before = readCpu(roots);
  const count_before = await countEnded(database);
  const flat_out = await runLoad({ ...load, rate: 0, clients: 64, seconds });
  const jobs = (await countEnded(database)) - count_before;
  const cpu_us = cpuPerJob(before, readCpu(roots), jobs);
  const refused = fixed.refused + flat_out.refused;
  await waitUntil('all jobs have ended', async () => (await countOpen(database)) === 0, { timeout_ms: 60_000 });
  await untilPublished(database);
  const job_ids = [warm_up, fixed, flat_out].flatMap((each) => each.job_ids).concat(alone);
  const query = async <T extends object>(text: string, params?: readonly unknown[]): Promise<T[]> =>
    (await database.query(text, params && [...params])).rows;
  const faults = await checkJobs({ query }, { job_ids, unanswered: refused + warm_up.refused, tenant, since });
  if (faults.length > 0) throw new Error(`not every job was done once:\n${faults.join('\n')}`);
  const jobs_per_s = (await countEndedIn(database, flat_out.began_at, seconds)) / seconds;
  return { jobs_per_s, cpu_us, cpu_us_fixed, fixed, ended_ms, refused, counted };
}

/** Everything is published and its tree grown; of a history that happens once, and is not what a job costs. */
async function untilPublished(database: pg.Pool): Promise<void> {
  const text = `SELECT FROM ledger.published p WHERE least(p.next_leaf, (SELECT coalesce(max(tree_size), 0) FROM ledger.checkpoints))
    < ledger.leaf_count()`;
  await waitUntil('all is published', async () => (await database.query(text)).rows.length === 0, {
    timeout_ms: 3_600_000,
  });
}

async function startWorker(prepared: PrepareOptions): Promise<{ pid: number; stop(): Promise<void> }> {
  const { keys, nats_url, dir } = prepared;
  const settings = {
    ...workerSettings(keys, nats_url, POOL),
    concurrency: 200,
  };
  const log_path = join(dir, 'worker.log');
  const worker = await spawnGuarded({
    name: 'worker',
    command: process.execPath,
    args: [join(HERE, 'worker.ts')],
    log_path,
    stop_signal: 'SIGTERM',
    grace_seconds: 10,
    env: { PATH: process.env.PATH ?? '', BENCH_WORKER: JSON.stringify(settings) },
    cwd: HERE,
  });
  await waitUntil('the worker is ready', () => worker.said().includes('ready'));
  return worker;
}

function runLoad(env: object): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(HERE, 'submit-load.ts')], {
      env: { PATH: process.env.PATH, BENCH_LOAD: JSON.stringify(env) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    child.on('exit', (code) =>
      code === 0 ? resolve(JSON.parse(text)) : reject(new Error(`the load ended with ${code}`)),
    );
  });
}

async function countOpen(database: pg.Pool): Promise<number> {
  return (
    await database.query(
      `SELECT count(*)::int AS open FROM scheduler.jobs WHERE state IN ('held', 'cleared', 'dispatched', 'running')`,
    )
  ).rows[0].open;
}

function countJobs(
  stack: Stack,
  { admin_url }: PrepareOptions,
  { url, key }: { url: string; key: string },
  jobs: number,
  submitted: string[],
): Promise<Counted> {
  const submit = async (): Promise<string> => {
    const headers = { 'x-api-key': key, 'content-type': 'application/json' };
    const body = JSON.stringify({ topic: 'job.demo.read', prompt: 'status' });
    const answer = await fetch(`${url}/api/v1/jobs`, { method: 'POST', headers, body });
    const { job_id } = (await answer.json()) as { job_id: string };
    submitted.push(job_id);
    return job_id;
  };
  return countCosts({ admin_url, monitor_url: stack.nats.monitor_url, submit }, jobs);
}

/** Milliseconds from admission to the end, by the database's clock, of the jobs of the last seconds. */
async function endedWithin(database: pg.Pool, seconds: number): Promise<number[]> {
  const { rows } = await database.query(
    `SELECT extract(epoch FROM updated_at - created_at) * 1000 AS ms FROM scheduler.jobs
      WHERE state = 'succeeded' AND created_at > clock_timestamp() - $1 * interval '1 second'`,
    [seconds],
  );
  return rows.map((row) => Number(row.ms));
}

/** Jobs that ended within so many seconds from `began_at` on, milliseconds since 1970: one clock, on one machine. */
async function countEndedIn(database: pg.Pool, began_at: number, seconds: number): Promise<number> {
  const { rows } = await database.query(
    `SELECT count(*)::int AS ended FROM scheduler.jobs
      WHERE state = 'succeeded' AND updated_at BETWEEN to_timestamp($1) AND to_timestamp($1 + $2)`,
    [began_at / 1000, seconds],
  );
  return rows[0].ended;
}

async function countEnded(database: pg.Pool): Promise<number> {
  return (await database.query(`SELECT count(*)::int AS ended FROM scheduler.jobs WHERE state = 'succeeded'`)).rows[0]
    .ended;
}
