/**
 * What the audit stream holds, as the server says it: where it ends, and which leaves between its first and its last
 * message are missing. It reads only.
 */
import { CountersignError } from '@countersign/contracts/errors';
import type { JetStream } from '@countersign/platform/jetstream-api';
import { z } from 'zod';

/** A message of the stream and the leaf that it carries. */
export type Place = { seq: number; leaf: number };

type AuditStream = {
  first_seq: number;
  last_seq: number;
  /** Null when it holds no entry. */
  last: Place | null;
  /** Messages missing between its first and its last one. */
  holes: number;
};

const STREAM = 'AUDIT';
/** Messages that are no entries and stand behind the last one; more mean that something else writes there. */
const MAX_JUNK = 100;
const READ_TOGETHER = 64;

const info = z.object({
  state: z.object({
    messages: z.int(),
    first_seq: z.int(),
    last_seq: z.int(),
    num_deleted: z.int().default(0),
    lost: z.object({ msgs: z.array(z.int()).nullish() }).nullish(),
  }),
});
const stored = z.object({ message: z.object({ seq: z.int(), data: z.base64() }) });
const carried = z.object({ leaf_index: z.int() });

/** Throws `bus_unavailable`, also when there is no such stream. */
export async function readAuditStream(jetstream: JetStream): Promise<AuditStream> {
  const answer = info.safeParse(await jetstream.ask(`STREAM.INFO.${STREAM}`));
  if (!answer.success) throw new CountersignError('bus_unavailable', 'there is no audit stream');
  const { messages, first_seq, last_seq, num_deleted, lost } = answer.data.state;
  const last = messages === 0 ? null : await lastEntry(jetstream, first_seq, last_seq);
  return { first_seq, last_seq, last, holes: num_deleted + (lost?.msgs?.length ?? 0) };
}

/** The first leaf that is missing between the lowest and the highest one from `from` on, and how many are; or null. */
export async function findMissing(
  jetstream: JetStream,
  from: number,
  to: number,
): Promise<{ first: number; count: number } | null> {
  const leaves = new Set<number>();
  for (let seq = from; seq <= to; seq += READ_TOGETHER) {
    const places = Array.from({ length: Math.min(READ_TOGETHER, to - seq + 1) }, (_, i) =>
      readLeaf(jetstream, seq + i),
    );
    for (const leaf of await Promise.all(places)) if (leaf !== null) leaves.add(leaf);
  }
  let [low, high] = [Number.POSITIVE_INFINITY, -1];
  for (const leaf of leaves) [low, high] = [Math.min(low, leaf), Math.max(high, leaf)];
  const count = high - low + 1 - leaves.size;
  if (leaves.size === 0 || count === 0) return null;
  let first = low;
  while (leaves.has(first)) first += 1;
  return { first, count };
}

/** Null where there is no message, or one that is no entry. */
export async function readLeaf(jetstream: JetStream, seq: number): Promise<number | null> {
  const answer = stored.safeParse(await jetstream.ask(`STREAM.MSG.GET.${STREAM}`, { seq }));
  if (!answer.success) return null;
  try {
    const text = Buffer.from(answer.data.message.data, 'base64').toString('utf8');
    return carried.safeParse(JSON.parse(text)).data?.leaf_index ?? null;
  } catch {
    return null;
  }
}

async function lastEntry(jetstream: JetStream, first: number, last: number): Promise<Place | null> {
  for (let seq = last; seq >= first && last - seq < MAX_JUNK; seq -= 1) {
    const leaf = await readLeaf(jetstream, seq);
    if (leaf !== null) return { seq, leaf };
  }
  return null;
}
