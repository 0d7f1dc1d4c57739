/**
 * Requests with many answers outstanding at once, over one subscription under the user's own inbox: a message each way
 * and nothing else. A request that times out may still have been carried out: receivers are idempotent.
 */
import { monotonicMs } from './clock.ts';
import type { Connection, Headers, Message } from './nats-connection.ts';

const MAX_OUTSTANDING = 8_192;
const SWEEP_MS = 50;

export type Reply =
  | { ok: true; message: Message }
  | { ok: false; reason: 'timeout' | 'no_responders' | 'closed' | 'overloaded' };
type Waiting = { resolve: (reply: Reply) => void; due: number };

export type ReplyWindow = {
  /**
   * Never buffers: without a connection nothing is sent that its caller has given up. Rejects only what is too large for
   * the server, which is a bug.
   */
  ask(subject: string, data: string, timeoutMs: number, headers?: Headers): Promise<Reply>;
  close(): void;
};

export const openReplyWindow = (connection: Connection): ReplyWindow => {
  const prefix = `${connection.inbox}.reply.`;
  const outstanding = new Map<number, Waiting>();
  let next = 0;

  const settle = (id: number, reply: Reply): void => {
    const waiting = outstanding.get(id);
    if (!waiting) return;
    outstanding.delete(id);
    waiting.resolve(reply);
  };
  const unsubscribe = connection.subscribe(`${prefix}*`, null, (message) => {
    const id = Number(message.subject.slice(prefix.length));
    /** NATS answers itself, with status 503, when nobody listens. */
    settle(id, message.status === 503 ? { ok: false, reason: 'no_responders' } : { ok: true, message });
  });
  const sweep = setInterval(() => {
    const now = monotonicMs();
    for (const [id, waiting] of outstanding) if (waiting.due <= now) settle(id, { ok: false, reason: 'timeout' });
  }, SWEEP_MS);
  sweep.unref();

  return {
    ask: (subject, data, timeoutMs, headers) =>
      new Promise<Reply>((resolve) => {
        if (!connection.isConnected()) return resolve({ ok: false, reason: 'closed' });
        if (outstanding.size >= MAX_OUTSTANDING) return resolve({ ok: false, reason: 'overloaded' });
        const id = next++;
        connection.publish(subject, data, { reply: prefix + id, ...(headers ? { headers } : {}) });
        outstanding.set(id, { resolve, due: monotonicMs() + timeoutMs });
      }),
    close() {
      clearInterval(sweep);
      unsubscribe();
      for (const id of [...outstanding.keys()]) settle(id, { ok: false, reason: 'closed' });
    },
  };
};
