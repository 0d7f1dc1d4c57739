/**
 * Hands sealed entries on to a receiver, in the order of the log and at least once. It asks the API as any auditor does, so that
 * nothing that decides waits for it, or knows that it is there; while the receiver is away it only falls behind, and counts.
 */
import { ApiError } from '@countersign/client/api-error';
import type { Client } from '@countersign/client/create-client';
import { isOutage } from '@countersign/contracts/errors';
import type { EvidenceQuery } from '@countersign/contracts/evidence';
import type { ShownEntry } from '@countersign/contracts/ledger-entry';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import type { Cursor, LastSent, Place } from './forward-cursor.ts';

export type Receiver = {
  /** Returns when it is known that the receiver has all of them; throws when it is not. */
  send(entries: readonly ShownEntry[], last: LastSent): Promise<LastSent>;
};
/** Who could not: the API, the receiver, or the disk with the cursor. */
export type Part = 'source' | 'receiver' | 'cursor';

export type Forwarding = {
  client: Pick<Client, 'entries'>;
  query: EvidenceQuery;
  receiver: Receiver;
  cursor: Cursor;
  /** `waiting`: leaves of the log that the receiver has not heard. `noted`: that the cursor knows of it as well. */
  sent(entries: number, waiting: number, noted: boolean): void;
  /** `waiting`: as above, when the API still told it. */
  failed(part: Part, thrown: unknown, waiting: number | null): void;
  /** Ends with what is sealed now, or by the first failure, which it throws. */
  once: boolean;
  signal: AbortSignal;
  pause(ms: number): Promise<void>;
};

const PAUSE_MS = 1_000;
const LONGEST_MS = 60_000;

/** Throws what no waiting changes: a key that may not read, a question that is wrong. */
export async function forwardEntries(forwarding: Forwarding): Promise<void> {
  const { signal, pause, once } = forwarding;
  for (let failures = 0; !signal.aborted; ) {
    const outcome = await step(forwarding);
    if (outcome.kind === 'failed') {
      if (once || isFinal(outcome.thrown)) throw failureOf(outcome);
      forwarding.failed(outcome.part, outcome.thrown, outcome.waiting);
      await pause(Math.min(PAUSE_MS * 2 ** failures, LONGEST_MS));
      failures = Math.min(failures + 1, 10);
      continue;
    }
    failures = 0;
    if (outcome.more) continue;
    if (once) return;
    await pause(PAUSE_MS);
  }
}

type Outcome =
  | { kind: 'done'; more: boolean }
  | { kind: 'failed'; part: Part; thrown: unknown; waiting: number | null };

async function step({ client, query, receiver, cursor, sent, failed }: Forwarding): Promise<Outcome> {
  let part: Part = 'source';
  let waiting: number | null = null;
  try {
    const { next: from, last } = cursor.place();
    const { entries, next, end } = await client.entries({ ...query, from });
    part = 'receiver';
    waiting = Math.max(end - Number(from), 0);
    const now = entries.length === 0 ? last : await receiver.send(entries, last);
    const noted = next === from || note(cursor, { next, last: now }, failed);
    sent(entries.length, Math.max(end - next, 0), noted);
    return { kind: 'done', more: next < end };
  } catch (thrown) {
    return { kind: 'failed', part, thrown, waiting };
  }
}

/** A disk that is full costs repetitions after a crash, and holds nothing up. */
function note(cursor: Cursor, place: Place, failed: Forwarding['failed']): boolean {
  try {
    cursor.move(place);
    return true;
  } catch (thrown) {
    failed('cursor', thrown, null);
    return false;
  }
}

function failureOf({ part, thrown }: { part: Part; thrown: unknown }): unknown {
  if (thrown instanceof ApiError || !(thrown instanceof Error)) return thrown;
  const detail = `${part}: ${thrown.message}`;
  return new CommandFailure(EXIT.unavailable, detail, { code: 'not_forwarded', detail });
}

function isFinal(thrown: unknown): boolean {
  return thrown instanceof ApiError && thrown.status !== 0 && thrown.status !== 429 && !isOutage(thrown.code);
}
