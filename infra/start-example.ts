/**
 * Starts the example's workers beside the system, as ordinary users of the worker package, and runs the example once.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { workerUser } from '@countersign/contracts/subjects';
import pg from 'pg';
import type { PrepareOptions } from './development-environment.ts';
import { DEVELOPMENT_ROSTER } from './development-roster.ts';
import { PROJECT_DIR } from './project-folders.ts';
import { lastLines } from './read-log-tail.ts';
import { reportLine } from './report-step.ts';
import { SetUpError } from './set-up-error.ts';
import { type GuardedProcess, spawnGuarded } from './spawn-guarded.ts';
import type { Supervised } from './supervise.ts';
import { waitUntil } from './wait-until.ts';
import type { DevEnv } from './write-env-file.ts';

const EXAMPLE_DIR = join(PROJECT_DIR, 'examples/support-desk');
const DESK = 'support_desk';

type Workers = Supervised & { stop(): Promise<void> };

/** A database of the desk's own, under a role of its own: Countersign's roles can't enter it, nor it theirs. */
export async function createDeskDatabase(
  admin_url: string,
  password = randomBytes(24).toString('base64url'),
): Promise<string> {
  const client = new pg.Client({ connectionString: admin_url });
  await client.connect();
  try {
    const { rowCount: role } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [DESK]);
    await client.query(`${role ? 'ALTER' : 'CREATE'} ROLE ${DESK} LOGIN PASSWORD ${client.escapeLiteral(password)}`);
    const { rowCount: database } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DESK]);
    if (!database) await client.query(`CREATE DATABASE ${DESK} OWNER ${DESK}`);
    // Postgres lets everybody into a new database; each time, because an older launcher left it so.
    await client.query(`REVOKE ALL ON DATABASE ${DESK} FROM PUBLIC`);
  } finally {
    await client.end();
  }
  const url = new URL(admin_url);
  url.username = DESK;
  url.password = password;
  url.pathname = `/${DESK}`;
  return url.href;
}

/** Settings of the example: the development keys, the workers' own keys, and its database. */
export function exampleEnv(prepared: PrepareOptions, env: Partial<DevEnv>, desk_url: string): Record<string, string> {
  const { keys, dir } = prepared;
  const workers = DEVELOPMENT_ROSTER.workers.map(({ pool, worker }) => [
    pool,
    {
      worker,
      nkey_seed: keys.nats[workerUser(pool, worker)]!.seed,
      signing_key: keys.worker_signing[`${pool}/${worker}`]!.private_pem,
    },
  ]);
  return {
    ...env,
    SCHEDULER_PUBLIC_KEY: keys.warrant.public_key,
    WORKER_KEYS: JSON.stringify(Object.fromEntries(workers)),
    DESK_DATABASE_URL: desk_url,
    DESK_RELEASE_DIR: join(dir, 'releases'),
  };
}

/** The example's workers as one process. Nothing runs until `start`, which returns when they take work. */
export function exampleWorkers(dir: string, env: Record<string, string>): Workers {
  const log_path = join(dir, 'logs/workers.log');
  let current: GuardedProcess | undefined;
  return {
    name: 'workers',
    ended: () => current?.exited,
    isRunning: () => current?.isRunning() ?? false,
    stop: async () => current?.stop(),
    async start() {
      const started = await spawnGuarded({
        name: 'workers',
        command: process.execPath,
        args: [join(EXAMPLE_DIR, 'workers.ts')],
        log_path,
        stop_signal: 'SIGTERM',
        grace_seconds: 15,
        env: { PATH: process.env.PATH ?? '', ...env },
        cwd: PROJECT_DIR,
      });
      current = started;
      const failed = (what: string) => new SetUpError(`the workers ${what}:\n${lastLines(started.said(), 10)}`);
      await waitUntil('the workers are ready', () => {
        if (!started.isRunning()) throw failed('did not start');
        return /^ready$/m.test(started.said());
      }).catch((error: Error) => {
        throw error instanceof SetUpError ? error : failed('are not ready');
      });
    },
  };
}

/** The example's workers, started, and the example itself once they run when `run` says so. */
export async function startExample(prepared: PrepareOptions, env: DevEnv): Promise<Workers & { run(): Promise<void> }> {
  reportLine("starting the example's workers");
  const given = exampleEnv(prepared, env, await createDeskDatabase(prepared.admin_url));
  const workers = exampleWorkers(prepared.dir, given);
  await workers.start();
  return {
    ...workers,
    async run() {
      const { runExample } = await import('@countersign/support-desk/run');
      await runExample(given);
    },
  };
}
