/**
 * Runs one Postgres for a folder of the project's, recovers what a killed launcher left, and stops with its launcher.
 * It listens on loopback only and lets nobody in without a password.
 */
import { dirname, join } from 'node:path';
import pg from 'pg';
import { findFreePort } from './find-free-port.ts';
import { findPostgresBinaries, type PostgresBinaries } from './find-postgres-binaries.ts';
import { openPostgresCluster, postgresEnvironment, SUPERUSER } from './open-postgres-cluster.ts';
import { lastLines } from './read-log-tail.ts';
import { type Restartable, restartable } from './restartable.ts';
import { SetUpError } from './set-up-error.ts';
import { type GuardedProcess, spawnGuarded } from './spawn-guarded.ts';
import { waitUntil } from './wait-until.ts';

type PostgresOptions = {
  /** Holds the data (unless Postgres' user can't get there), the log and the superuser's password. */
  dir: string;
  /** `test` gives up safety against power loss, and nothing else: a killed server still loses no commit. */
  mode: 'dev' | 'test';
};

export type PostgresHandle = AsyncDisposable &
  Restartable & {
    /** The superuser's URL, to the database `postgres`. */
    readonly admin_url: string;
    readonly port: number;
    /** Where the data lies; `undefined` when somebody else runs this server. */
    readonly data_dir: string | undefined;
  };

type ServerFacts = PostgresOptions & { data_dir: string; admin_url: string; port: number; binaries: PostgresBinaries };

const MAX_CONNECTIONS = 300;
const START_TIMEOUT_MS = 60_000;
const PROBE_TIMEOUT_MS = 2_000;
const WRONG_PASSWORD = '28P01';

export async function runPostgres({ dir, mode }: PostgresOptions): Promise<PostgresHandle> {
  const binaries = findPostgresBinaries();
  const { data_dir, password } = await openPostgresCluster(dir, binaries, { durable: mode === 'dev' });
  const port = await findFreePort();
  const admin_url = `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres`;
  const facts: ServerFacts = { dir, mode, data_dir, admin_url, port, binaries };

  let server: GuardedProcess | undefined;
  const start = async (): Promise<void> => {
    if (!server?.isRunning()) server = await startServer(facts);
  };
  await start();
  await closeTemplate(admin_url);
  const handle = restartable(() => server, start);
  return Object.assign(handle, { admin_url, port, data_dir, [Symbol.asyncDispose]: handle.stop });
}

/** A server that somebody else runs (`DATABASE_URL`): it is used, and never started or stopped from here. */
export function useGivenPostgres(admin_url: string): PostgresHandle {
  const refuse = async (): Promise<never> => {
    throw new SetUpError('The Postgres of DATABASE_URL is not ours to start or stop.');
  };
  const port = Number(new URL(admin_url).port || 5432);
  return {
    admin_url,
    port,
    pid: undefined,
    data_dir: undefined,
    ended: () => undefined,
    isRunning: () => true,
    start: refuse,
    stop: refuse,
    kill: refuse,
    [Symbol.asyncDispose]: async () => {},
  };
}

async function startServer(facts: ServerFacts): Promise<GuardedProcess> {
  const log_path = logPath(facts);
  let server = await spawnServer(facts);
  const probe = async (): Promise<GuardedProcess | undefined> => {
    if (await answers(facts.admin_url)) return server;
    if (server.isRunning()) return undefined;
    // After a kill the old backends need a moment to see that their postmaster is gone; until then they hold its memory.
    // They go on logging meanwhile, so that its own words need not be the last.
    if (!server.said().includes('pre-existing shared memory block')) {
      throw new SetUpError(`Postgres did not start:\n${lastLines(server.said(), 10)}\n(all of it: ${log_path})`);
    }
    server = await spawnServer(facts);
    return undefined;
  };
  try {
    return await waitUntil('Postgres accepts connections', probe, { timeout_ms: START_TIMEOUT_MS });
  } catch (error) {
    await server.stop();
    if (error instanceof SetUpError) throw error;
    throw new SetUpError(`Postgres did not start: ${(error as Error).message}\n${lastLines(server.said(), 10)}`);
  }
}

function logPath({ dir }: { dir: string }): string {
  return join(dir, 'postgres.log');
}

function spawnServer(facts: ServerFacts): Promise<GuardedProcess> {
  const { data_dir, port, mode, binaries } = facts;
  return spawnGuarded({
    name: 'Postgres',
    command: join(binaries.bin_dir, 'postgres'),
    args: ['-D', data_dir, '-p', String(port), ...renderSettings(mode)],
    log_path: logPath(facts),
    stop_signal: 'SIGINT',
    grace_seconds: 20,
    env: postgresEnvironment(),
    cwd: dirname(data_dir),
    run_as: binaries.run_as,
  });
}

function renderSettings(mode: 'dev' | 'test'): string[] {
  const values = {
    listen_addresses: '127.0.0.1',
    // TCP only: a socket's path could be too long, and its file would outlive a kill.
    unix_socket_directories: '',
    max_connections: MAX_CONNECTIONS,
    // synchronous_commit stays on in tests too: without it, killing the server loses commits that were answered.
    fsync: mode === 'test' ? 'off' : 'on',
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

async function answers(admin_url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: admin_url, connectionTimeoutMillis: PROBE_TIMEOUT_MS });
  // A connection that breaks while it is being made reports here too; the rejection below says it already.
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch (cause) {
    if ((cause as { code?: string }).code !== WRONG_PASSWORD) return false;
    throw new SetUpError('Postgres refuses the kept password. Start anew: npm start -- --fresh', { cause });
  } finally {
    await client.end().catch(() => {});
  }
}

/** In a server of our own nobody but its superuser has business in the template, which Postgres opens to everybody. */
async function closeTemplate(admin_url: string): Promise<void> {
  const client = new pg.Client({ connectionString: admin_url });
  await client.connect();
  await client.query('REVOKE ALL ON DATABASE template1 FROM PUBLIC').finally(() => client.end());
}
