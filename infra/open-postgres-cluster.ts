/**
 * Decides where Postgres' data lies and makes it on first use, whole or not at all: an initdb that was interrupted
 * leaves only a folder that is made anew. It never opens a closed folder to let Postgres' user through.
 */
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { canEnter, openSharedStateDir, type PostgresBinaries } from './find-postgres-binaries.ts';
import { SetUpError } from './set-up-error.ts';
import { type Leftover, stopLeftover } from './stop-leftover.ts';

type Cluster = { data_dir: string; password: string };

export const SUPERUSER = 'postgres';
const run = promisify(execFile);

/**
 * Opens the cluster that belongs to `dir`, a folder of the project's. Returns when no server of an earlier run uses it.
 * `durable: false` leaves out the syncs of a first initdb.
 */
export async function openPostgresCluster(
  dir: string,
  binaries: PostgresBinaries,
  { durable }: { durable: boolean },
): Promise<Cluster> {
  const data_dir = locateData(dir, binaries);
  const password_path = join(dir, 'postgres-password');
  if (existsSync(data_dir)) {
    refuseForeignData(data_dir, password_path, binaries);
    await stopLeftover(leftoverIn(data_dir));
  } else {
    await createCluster(data_dir, password_path, binaries, durable);
  }
  return { data_dir, password: readFileSync(password_path, 'utf8').trim() };
}

/** Stops what an earlier run left and deletes the data that belongs to `dir`. */
export async function removePostgresCluster(dir: string, binaries: PostgresBinaries): Promise<void> {
  const data_dir = locateData(dir, binaries);
  await stopLeftover(leftoverIn(data_dir));
  rmSync(data_dir, { recursive: true, force: true });
}

/** Nothing of the launcher's environment reaches Postgres: PGDATA and its kin would change what it does. */
export function postgresEnvironment(): Record<string, string> {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}

function locateData(dir: string, { run_as }: PostgresBinaries): string {
  if (run_as === undefined || canEnter(dir, run_as)) return join(dir, 'postgres');
  // The same clone finds its data again, and two clones never share.
  const clone = createHash('sha256').update(dir).digest('hex').slice(0, 16);
  const shared = join(openSharedStateDir(), clone);
  mkdirSync(shared, { recursive: true, mode: 0o711 });
  return join(shared, 'postgres');
}

function refuseForeignData(data_dir: string, password_path: string, { version }: PostgresBinaries): void {
  const found = readFileSync(join(data_dir, 'PG_VERSION'), 'utf8').trim();
  if (found !== version.split('.')[0]) {
    throw new SetUpError(
      `${data_dir} was made by Postgres ${found}, this is ${version}. Start anew: npm start -- --fresh`,
    );
  }
  if (!existsSync(password_path)) {
    throw new SetUpError(`The password of ${data_dir} is gone (${password_path}). Start anew: npm start -- --fresh`);
  }
}

function leftoverIn(data_dir: string): Leftover {
  return { name: 'Postgres', pid_path: join(data_dir, 'postmaster.pid'), marker: data_dir, stop_signal: 'SIGINT' };
}

async function createCluster(
  data_dir: string,
  password_path: string,
  { bin_dir, run_as }: PostgresBinaries,
  durable: boolean,
): Promise<void> {
  const unfinished = `${data_dir}.unfinished`;
  // initdb reads the password as its own user, so a copy lies where that user can read it until then.
  const passwordFile = `${unfinished}.password`;
  const password = randomBytes(24).toString('hex');
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  for (const path of run_as ? [unfinished, passwordFile] : []) chownSync(path, run_as!.uid, run_as!.gid);
  const login = ['-U', SUPERUSER, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  const format = ['--encoding=UTF8', '--locale=C', ...(durable ? [] : ['--no-sync'])];
  try {
    const cwd = dirname(unfinished);
    await run(join(bin_dir, 'initdb'), ['-D', unfinished, ...login, ...format], {
      cwd,
      env: postgresEnvironment(),
      ...run_as,
    });
  } finally {
    rmSync(passwordFile, { force: true });
  }
  writeFileSync(password_path, password, { mode: 0o600 });
  renameSync(unfinished, data_dir);
}
