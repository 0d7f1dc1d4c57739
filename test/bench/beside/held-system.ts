/**
 * One system of its own, every service its own process, that does nothing until it is told to: each line of its input is
 * a load (`rate`, `clients`, `seconds`), and each line of its output what that cost. It is copied into the tree of an
 * earlier commit with what it imports by relative paths; of packages it takes only what has been there since the first bench.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { allSettings, prepareSystem, renderDevelopmentNats } from '@countersign/infra/development-environment';
import { loadDevelopmentKeys } from '@countersign/infra/development-keys';
import { DEVELOPMENT_ROSTER } from '@countersign/infra/development-roster';
import { findFreePort } from '@countersign/infra/find-free-port';
import { startLocalStack } from '@countersign/infra/local-stack';
import { runServices } from '@countersign/infra/run-services';
import { spawnGuarded } from '@countersign/infra/spawn-guarded';
import { waitUntil } from '@countersign/infra/wait-until';
import pg from 'pg';
import { workerSettings } from '../../harness/worker-settings.ts';
import { readCpu } from '../cpu-account.ts';

export type Load = { rate: number; clients: number; seconds: number };
/** `cpu_us`: of one job, by process. `ended_ms`: from admission to the end, by the database's clock. */
export type Cost = { jobs: number; cpu_us: Record<string, number>; ended_ms: number[] };

const BENCH = fileURLToPath(new URL('..', import.meta.url));
const POOL = 'demo-read';

const dir = mkdtempSync(join(process.getuid?.() === 0 ? '/tmp' : tmpdir(), 'countersign-beside-'));
try {
  await hold();
} finally {
  rmSync(dir, { recursive: true, force: true });
}

async function hold(): Promise<void> {
  const keys = loadDevelopmentKeys(dir, DEVELOPMENT_ROSTER);
  // Some commits want the roster here, too.
  const render = renderDevelopmentNats as (...given: unknown[]) => ReturnType<typeof renderDevelopmentNats>;
  const renderNats = render.length > 2 ? render(keys, DEVELOPMENT_ROSTER) : render(keys);
  await using stack = await startLocalStack({ dir, fresh: false, mode: 'dev', renderNats });
  const prepared = { dir, admin_url: stack.postgres.admin_url, nats_url: stack.nats.url, keys };
  mkdirSync(dir, { recursive: true });
  await prepareSystem({ ...prepared, bundle_dir: join(BENCH, 'bundle') });
  await using services = await runServices({
    dir: join(dir, 'logs'),
    separate: true,
    settings: allSettings(prepared),
    http_port: await findFreePort(),
    extra: { LOG_LEVEL: 'warn', NODE_OPTIONS: process.env.BENCH_NODE_OPTIONS ?? '' },
  });
  const worker = await startWorker({
    ...workerSettings(keys, stack.nats.url, POOL),
    concurrency: 200,
  });
  const database = new pg.Pool({ connectionString: prepared.admin_url, max: 1 });
  const roots = new Map<string, number>([
    ...[...services.processes].map(([name, { pid }]) => [name, pid!] as const),
    ['worker', worker.pid],
    ['nats-server', stack.nats.pid!],
    ['postgres', stack.postgres.pid!],
  ]);
  try {
    say({ ready: true });
    for await (const line of createInterface({ input: process.stdin })) {
      const load = JSON.parse(line) as Load;
      say(await measure(database, roots, { ...load, url: services.url, key: keys.api_keys.agent }));
    }
  } finally {
    await database.end();
    await worker.stop();
  }
}

async function measure(
  database: pg.Pool,
  roots: ReadonlyMap<string, number>,
  load: Load & { url: string; key: string },
): Promise<Cost> {
  const read = async (text: string): Promise<number> => (await database.query(text)).rows[0].value;
  const ended = () => read(`SELECT count(*)::int AS value FROM scheduler.jobs WHERE state = 'succeeded'`);
  const open = () => read(`SELECT count(*)::int AS value FROM scheduler.jobs WHERE state <> 'succeeded'`);
  const began = (await database.query('SELECT clock_timestamp() AS at')).rows[0].at;
  const [ended_before, before] = [await ended(), readCpu(roots)];
  await runLoad(load);
  await waitUntil('what was accepted has ended', async () => (await open()) === 0, { timeout_ms: 60_000 });
  const after = readCpu(roots);
  const jobs = (await ended()) - ended_before;
  const { rows } = await database.query(
    `SELECT extract(epoch FROM updated_at - created_at) * 1000 AS ms FROM scheduler.jobs WHERE created_at > $1`,
    [began],
  );
  const cpu_us = Object.fromEntries(
    [...after].map(([name, seconds]) => [name, ((seconds - before.get(name)!) * 1e6) / Math.max(1, jobs)]),
  );
  return { jobs, cpu_us, ended_ms: rows.map((row) => Number(row.ms)) };
}

async function startWorker(settings: object): Promise<{ pid: number; stop(): Promise<void> }> {
  const worker = await spawnGuarded({
    name: 'worker',
    command: process.execPath,
    args: [join(BENCH, 'worker.ts')],
    log_path: join(dir, 'worker.log'),
    stop_signal: 'SIGTERM',
    grace_seconds: 10,
    env: {
      PATH: process.env.PATH ?? '',
      BENCH_WORKER: JSON.stringify(settings),
      NODE_OPTIONS: process.env.BENCH_NODE_OPTIONS ?? '',
    },
    cwd: BENCH,
  });
  // It has no more to say than that it is ready, and what comes first waits for it.
  return worker;
}

function runLoad(load: object): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(BENCH, 'submit-load.ts')], {
      env: { PATH: process.env.PATH, BENCH_LOAD: JSON.stringify(load) },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`the load ended with ${code}`))));
  });
}

function say(what: object): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}
