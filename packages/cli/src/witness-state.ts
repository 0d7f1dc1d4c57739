/**
 * What a witness remembers: the last head that it cosigned of each log, in a file that is on the disk before any signature
 * leaves. One process at a time holds it.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { TreeHead } from '@countersign/ledger/merkle';
import { UsageError } from './exit-codes.ts';
import { holdFile, writeThrough } from './kept-file.ts';

export type WitnessState = {
  last(origin: string): TreeHead | null;
  /** Returns when it would survive a power cut. */
  keep(origin: string, head: TreeHead): void;
  close(): void;
};

type Kept = Record<string, { size: string; root: string }>;

/** Throws UsageError when another process holds the file, or when it is none of a witness. */
export function openWitnessState(path: string): WitnessState {
  const letGo = holdFile(path, 'witness');
  let kept: Kept;
  try {
    kept = existsSync(path) ? readKept(path) : {};
  } catch (thrown) {
    letGo();
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
    close: letGo,
  };
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
