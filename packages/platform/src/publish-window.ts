/**
 * JetStream publishes with many acknowledgements outstanding at once, over one reply subscription. A publish that
 * times out may still have been stored: receivers are idempotent, callers publish again.
 */
import { CountersignError } from '@countersign/contracts/errors';
import { monotonicMs } from './clock.ts';
import type { Connection, Headers, Message } from './nats-connection.ts';

const ACK_MS = 5_000;
const MAX_OUTSTANDING = 8_192;

type Waiting = { resolve: () => void; reject: (reason: unknown) => void; due: number };

export type PublishWindow = {
  publish(subject: string, data: string, headers?: Headers): Promise<void>;
  close(): void;
};

const failed = (cause: string) => new CountersignError('bus_unavailable', undefined, { cause: new Error(cause) });

const settle = (waiting: Waiting, message: Message): void => {
  if (message.status === 503) {
    waiting.reject(failed('no stream takes this subject'));
    return;
  }
  const ack = JSON.parse(Buffer.from(message.data).toString('utf8')) as { error?: { description?: string } };
  if (ack.error) waiting.reject(failed(ack.error.description ?? 'the stream refused the message'));
  else waiting.resolve();
};

export const openPublishWindow = (connection: Connection): PublishWindow => {
  const prefix = `${connection.inbox}.ack.`;
  const outstanding = new Map<number, Waiting>();
  let next = 0;

  const stop = connection.subscribe(`${prefix}*`, null, (message) => {
    const id = Number(message.subject.slice(prefix.length));
    const waiting = outstanding.get(id);
    if (!waiting) return;
    outstanding.delete(id);
    settle(waiting, message);
  });

  /** Insertion order is order of due time, so a sweep ends at the first that is not due. */
  const sweep = setInterval(() => {
    const now = monotonicMs();
    for (const [id, waiting] of outstanding) {
      if (waiting.due > now) break;
      outstanding.delete(id);
      waiting.reject(failed('no acknowledgement in time'));
    }
  }, 250);
  sweep.unref();

  return {
    publish: (subject, data, headers) =>
      new Promise<void>((resolve, reject) => {
        if (outstanding.size >= MAX_OUTSTANDING || !connection.isConnected()) return reject(failed('not connected'));
        const id = next++;
        outstanding.set(id, { resolve, reject, due: monotonicMs() + ACK_MS });
        connection.publish(subject, data, { reply: prefix + id, ...(headers ? { headers } : {}) });
      }),
    close() {
      clearInterval(sweep);
      stop();
      for (const waiting of outstanding.values()) waiting.reject(failed('closing'));
      outstanding.clear();
    },
  };
};
