/**
 * Hints between services: plain messages with keys in them, never stored and never acknowledged. One that gets lost costs
 * time and nothing else, because whoever it is meant for also finds its work by a sweep over rows.
 */
import { LIMITS } from '@countersign/contracts/limits';
import { waitForMore } from './batch-delay.ts';
import type { Connection } from './nats-connection.ts';

export type Hint = {
  subject: string;
  /** Anything, also nothing that can be read: only rows are believed. */
  body: unknown;
};

export type HintOptions = {
  /** One instance of each group hears each hint; null: every instance. */
  queue: string | null;
  batch: number;
  /** One batch at a time. What it throws is the sweep's to do again. */
  handle: (hints: Hint[]) => Promise<void>;
};

/** Dropped while disconnected: the sweep comes before a hint that waits for the server. */
export function sendHint(connection: Connection, subject: string, body: object): void {
  if (connection.isConnected()) connection.publish(subject, JSON.stringify(body));
}

/** Beyond `LIMITS.queued_rows` that wait, hints are dropped. Returns how to stop. */
export function hearHints(
  connection: Connection,
  subjects: readonly string[],
  { queue, batch, handle }: HintOptions,
): () => Promise<unknown> {
  const waiting: Hint[] = [];
  let busy = false;

  const drain = async (): Promise<void> => {
    busy = true;
    /** One turn of the event loop lets the hints that arrived together share a batch. */
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const taken = waiting.splice(0, batch);
      await handle(taken);
      await waitForMore(taken.length, waiting.length);
    }
    busy = false;
  };
  const stops = subjects.map((subject) =>
    connection.subscribe(subject, queue, (message) => {
      if (waiting.length >= LIMITS.queued_rows) return;
      waiting.push({ subject: message.subject, body: bodyOf(message.data) });
      if (!busy) void drain();
    }),
  );
  return () => {
    waiting.length = 0;
    return Promise.all(stops.map((stop) => stop()));
  };
}

function bodyOf(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data).toString('utf8'));
  } catch {
    return null;
  }
}
