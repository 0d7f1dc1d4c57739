// Runs one Postgres from a data folder: makes the folder on first use, recovers what a killed launcher left, and stops
// with its launcher. It listens on loopback only and lets nobody in without a password.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { findFreePort } from './find-free-port.ts';
import { findPostgresBinaries, type PostgresBinaries } from './find-postgres-binaries.ts';
import { commandLineOf, isAlive } from './process-identity.ts';
import { lastLines } from './read-log-tail.ts';
import { SetUpError } from './set-up-error.ts';
import { type GuardedProcess, spawnGuarded } from './spawn-guarded.ts';
import { waitUntil } from './wait-until.ts';

export type PostgresOptions = {
  /** Made by initdb when it isn't there. Its parent must let Postgres' user through. */
  data_dir: string;
  log_path: string;
  /** Holds the superuser's password, mode 0600. */
  password_path: string;
  /** `test` gives up safety against power loss, and nothing else: a killed server still loses no commit. */
  mode: 'dev' | 'test';
};

export type PostgresHandle = AsyncDisposable & {
  /** The superuser's URL, to the database `postgres`. */
  readonly admin_url: string;
  readonly port: number;
  stop(): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
};

const SUPERUSER = 'postgres';
const MAX_CONNECTIONS = 300;
const START_TIMEOUT_MS = 60_000;
const run = promisify(execFile);

export async function runPostgres(options: PostgresOptions): Promise<PostgresHandle> {
  const binaries = findPostgresBinaries();
  await createCluster(options, binaries);
  await stopLeftover(options.data_dir);
  const port = await findFreePort();
  const password = readFileSync(options.password_path, 'utf8').trim();
  const admin_url = `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres`;

  let server: GuardedProcess | undefined;
  const start = async (): Promise<void> => {
    if (server?.isRunning()) return;
    server = await startServer(options, binaries, port, admin_url);
  };
  const stop = async (): Promise<void> => server?.stop();
  await start();
  return { admin_url, port, start, stop, kill: async () => server?.kill(), [Symbol.asyncDispose]: stop };
}

/** Makes the data folder, whole or not at all: an initdb that was interrupted leaves only a folder that is made anew. */
async function createCluster(options: PostgresOptions, binaries: PostgresBinaries): Promise<void> {
  const { data_dir, password_path } = options;
  const major = binaries.version.split('.')[0];
  if (existsSync(data_dir)) {
    const found = readFileSync(join(data_dir, 'PG_VERSION'), 'utf8').trim();
    if (found === major && existsSync(password_path)) return;
    throw new SetUpError(
      `${data_dir} was made by Postgres ${found} or has lost its password file. Start anew: npm start -- --fresh`,
    );
  }
  const unfinished = `${data_dir}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true, mode: 0o700 });
  // Read by initdb as its own user, so it lies in that user's folder until initdb has read it.
  const passwordFile = `${unfinished}.password`;
  const password = randomBytes(24).toString('hex');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (binaries.run_as) {
    chownSync(unfinished, binaries.run_as.uid, binaries.run_as.gid);
    chownSync(passwordFile, binaries.run_as.uid, binaries.run_as.gid);
  }
  try {
    await run(
      join(binaries.bin_dir, 'initdb'),
      [
        '-D',
        unfinished,
        '-U',
        SUPERUSER,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        ...(options.mode === 'test' ? ['--no-sync'] : []),
      ],
      { cwd: dirname(unfinished), env: postgresEnvironment(), ...binaries.run_as },
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
  writeFileSync(password_path, password, { mode: 0o600 });
  renameSync(unfinished, data_dir);
}

function postgresEnvironment(): Record<string, string> {
  return { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}

/** A server that outlived its launcher is stopped; a pid file whose number means another process now is removed. */
async function stopLeftover(data_dir: string): Promise<void> {
  const pidFile = join(data_dir, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10);
  if (!commandLineOf(pid)?.includes(data_dir)) {
    rmSync(pidFile, { force: true });
    return;
  }
  process.kill(pid, 'SIGINT');
  await waitUntil('the Postgres of an earlier run stops', () => !isAlive(pid), { timeout_ms: 20_000 });
}

async function startServer(
  options: PostgresOptions,
  { bin_dir, run_as }: PostgresBinaries,
  port: number,
  admin_url: string,
): Promise<GuardedProcess> {
  const spawnServer = () =>
    spawnGuarded({
      name: 'Postgres',
      command: join(bin_dir, 'postgres'),
      args: ['-D', options.data_dir, '-p', String(port), ...settings(options.mode)],
      log_path: options.log_path,
      stop_signal: 'SIGINT',
      grace_seconds: 20,
      env: postgresEnvironment(),
      cwd: dirname(options.data_dir),
      run_as,
    });
  let server = await spawnServer();
  return waitUntil(
    'Postgres accepts connections',
    async () => {
      if (await answers(admin_url)) return server;
      if (!server.isRunning()) {
        // After a kill the old backends need a moment to see that their postmaster is gone; until then they hold its memory.
        if (!lastLines(options.log_path, 5).includes('pre-existing shared memory block')) throw failedStart(options);
        server = await spawnServer();
      }
      return undefined;
    },
    { timeout_ms: START_TIMEOUT_MS },
  ).catch(async (error: unknown) => {
    await server.stop();
    throw error;
  });
}

function failedStart(options: PostgresOptions): SetUpError {
  return new SetUpError(
    `Postgres did not start:\n${lastLines(options.log_path, 10)}\n(all of it: ${options.log_path})`,
  );
}

function settings(mode: 'dev' | 'test'): string[] {
  const values = {
    listen_addresses: '127.0.0.1',
    // TCP only: a socket's path could be too long, and its file would outlive a kill.
    unix_socket_directories: '',
    max_connections: MAX_CONNECTIONS,
    password_encryption: 'scram-sha-256',
    log_min_messages: 'warning',
    // With synchronous_commit off, killing the server would lose commits that were already answered.
    ...(mode === 'test' ? { fsync: 'off' } : {}),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

async function answers(admin_url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: admin_url, connectionTimeoutMillis: 2000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch (error) {
    // A refused password will not get better by asking again.
    if ((error as { code?: string }).code === '28P01') {
      throw new SetUpError('Postgres refuses the kept password. Start anew: npm start -- --fresh', { cause: error });
    }
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
