/**
 * The ledger as a stream that can be read from any point, as often as wanted: whoever keeps `leaf_index + 1` of the last
 * entry goes on there. A read model built from it is the same whenever it is built, for entries come in the log's order.
 */
import type { EvidenceQuery } from '@countersign/contracts/evidence';
import type { ShownEntry } from '@countersign/contracts/ledger-entry';
import type { Client } from './create-client.ts';

export type FollowOptions = {
  /** Which entries, and from which leaf on; all that the key may see when left out. */
  query?: EvidenceQuery;
  /** Goes on with what will be recorded, until the signal; else it ends with what is sealed now. */
  live?: boolean;
  signal?: AbortSignal;
  /** Milliseconds between two looks when nothing is new; 1 s when left out. */
  pause_ms?: number;
};

const PAUSE_MS = 1_000;

/** Throws ApiError for an answer that is none; asked again from the last entry it loses and repeats nothing. */
export async function* followEntries(
  client: Pick<Client, 'entries'>,
  { query = {}, live = false, signal, pause_ms = PAUSE_MS }: FollowOptions = {},
): AsyncGenerator<ShownEntry, void> {
  for (let from = Number(query.from ?? 0); ; ) {
    if (signal?.aborted) return;
    const page = await client.entries({ ...query, from });
    yield* page.entries;
    from = page.next;
    if (page.next < page.end) continue;
    if (!live) return;
    await pause(pause_ms, signal);
  }
}

/** Builds a read model: `fold` is told each entry once, in order. Answers the model and the leaf to go on at. */
export async function foldEntries<M>(
  client: Pick<Client, 'entries'>,
  model: M,
  fold: (model: M, entry: ShownEntry) => M,
  query: EvidenceQuery = {},
): Promise<{ model: M; next: number }> {
  let next = Number(query.from ?? 0);
  for await (const entry of followEntries(client, { query })) {
    model = fold(model, entry);
    next = entry.leaf_index! + 1;
  }
  return { model, next };
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    signal?.addEventListener('abort', end, { once: true });
  });
}
