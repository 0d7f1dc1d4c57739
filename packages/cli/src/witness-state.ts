/**
 * What a witness remembers: the last head that it cosigned of each log, in a file that is on the disk before any signature
 * leaves. One process at a time holds it.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { TreeHead } from '@countersign/ledger/merkle';
import { UsageError } from './exit-codes.ts';

export type WitnessState = {
  last(origin: string): TreeHead | null;
  /** Returns when it would survive a power cut. */
  keep(origin: string, head: TreeHead): void;
  close(): void;
};

type Kept = Record<string, { size: string; root: string }>;

/** Throws UsageError when another process holds the file, or when it is none of a witness. */
export function openWitnessState(path: string): WitnessState {
  const lock = `${path}.lock`;
  lockOrRefuse(lock);
  let kept: Kept;
  try {
    kept = existsSync(path) ? readKept(path) : {};
  } catch (thrown) {
    unlinkSync(lock);
    throw thrown;
  }
  return {
    last: (origin) => {
      const head = Object.hasOwn(kept, origin) ? kept[origin]! : null;
      return head === null ? null : { size: BigInt(head.size), root: Buffer.from(head.root, 'hex') };
    },
    keep: (origin, { size, root }) => {
      const next = { ...kept, [origin]: { size: String(size), root: Buffer.from(root).toString('hex') } };
      writeThrough(path, JSON.stringify(next));
      kept = next;
    },
    close: () => unlinkSync(lock),
  };
}

function lockOrRefuse(lock: string): void {
  try {
    const file = openSync(lock, 'wx', 0o600);
    writeSync(file, String(process.pid));
    closeSync(file);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
    if (isAlive(Number(readFileSync(lock, 'utf8')))) throw new UsageError(`${lock}: another witness holds this state`);
    // It was killed. Of two that find that out at once, one gets the file.
    unlinkSync(lock);
    lockOrRefuse(lock);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A state that can't be read is never taken for an empty one: the witness would cosign any size again. */
function readKept(path: string): Kept {
  const wrong = new UsageError(`${path} is not the state of a witness; without it nothing may be cosigned`);
  try {
    const kept = JSON.parse(readFileSync(path, 'utf8')) as Kept;
    const isSound = Object.values(kept).every(
      ({ size, root }) => /^\d{1,19}$/.test(size) && /^[0-9a-f]{64}$/.test(root),
    );
    if (isSound) return kept;
  } catch {
    throw wrong;
  }
  throw wrong;
}

function writeThrough(path: string, text: string): void {
  const next = `${path}.new`;
  const file = openSync(next, 'w', 0o600);
  writeSync(file, text);
  fsyncSync(file);
  closeSync(file);
  renameSync(next, path);
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
}
