/**
 * Lets one stack run per clone. The lock names its process by number and start time, so a lock that a killed launcher
 * left never stands in the way.
 */
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTokenOf } from './process-identity.ts';
import { SetUpError } from './set-up-error.ts';

type DevLock = Disposable & {
  /** An earlier launcher left its lock, so what it started may still be stopping. */
  readonly was_abandoned: boolean;
};

type Holder = { pid: number; start_token: string | undefined };

/** Throws SetUpError while another stack runs from the same folder. */
export function lockDevFolder(dir: string): DevLock {
  const path = join(dir, 'lock');
  openFolder(dir);
  const left = readHolder(path);
  if (left !== undefined && startTokenOf(left.pid) === left.start_token) {
    throw new SetUpError(
      `Countersign runs from this folder already (process ${left.pid}). Stop it first, with Ctrl-C.`,
    );
  }
  rmSync(path, { force: true });
  claim(path);
  return { was_abandoned: left !== undefined, [Symbol.dispose]: () => rmSync(path, { force: true }) };
}

function openFolder(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o711 });
    writeFileSync(join(dir, '.writable'), '');
    rmSync(join(dir, '.writable'));
  } catch (cause) {
    throw new SetUpError(`${dir} can't be written (${(cause as Error).message}). Start as its owner, or remove it.`, {
      cause,
    });
  }
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

// Written aside and linked: of two that start at once, one gets the name, and nobody reads half a lock.
function claim(path: string): void {
  const own = `${path}.${process.pid}`;
  const holder: Holder = { pid: process.pid, start_token: startTokenOf(process.pid) };
  writeFileSync(own, JSON.stringify(holder));
  try {
    linkSync(own, path);
  } catch (cause) {
    throw new SetUpError('Countersign is being started from this folder by someone else right now.', { cause });
  } finally {
    rmSync(own, { force: true });
  }
}
