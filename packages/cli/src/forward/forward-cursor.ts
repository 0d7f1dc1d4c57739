/**
 * How far a receiver has heard the ledger: a file of the forwarder's own. What was delivered and not yet noted is delivered again
 * after a crash; what was noted was delivered.
 */
import { existsSync, readFileSync } from 'node:fs';
import { UsageError } from '../exit-codes.ts';
import { holdFile, writeThrough } from '../kept-file.ts';

/** The event that was sent last, to which the next one is chained; null before the first, or where the receiver gets no chain. */
export type LastSent = { chain_uid: string; uid: string; type_uid: number; fingerprint: string } | null;
export type Place = { next: number; last: LastSent };

export type Cursor = {
  /** Where to go on. */
  place(): Place;
  /** Holds from now on, whatever becomes of the disk; throws when it could not be noted. */
  move(place: Place): void;
  close(): void;
};

const FORMAT = 'countersign-forward/1';

/** `what`: which entries go where; a cursor of another errand is refused, since it would leave entries out. Throws UsageError. */
export function openCursor(path: string, what: string, first: number): Cursor {
  const letGo = holdFile(path, 'forwarder');
  let place: Place;
  try {
    place = existsSync(path) ? readPlace(path, what) : { next: first, last: null };
  } catch (thrown) {
    letGo();
    throw thrown;
  }
  return {
    place: () => place,
    move: (to) => {
      place = to;
      writeThrough(path, JSON.stringify({ format: FORMAT, what, ...to }));
    },
    close: letGo,
  };
}

function readPlace(path: string, what: string): Place {
  let kept: Partial<Place> & { format?: unknown; what?: unknown };
  try {
    kept = JSON.parse(readFileSync(path, 'utf8')) as typeof kept;
  } catch {
    throw new UsageError(`${path} is not the state of a forwarder`);
  }
  if (kept.format !== FORMAT || !Number.isSafeInteger(kept.next))
    throw new UsageError(`${path} is not the state of a forwarder`);
  if (kept.what !== what) throw new UsageError(`${path} is of another errand: ${kept.what}`);
  return { next: kept.next!, last: kept.last ?? null };
}
