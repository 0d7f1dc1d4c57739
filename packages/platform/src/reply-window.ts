/**
 * Requests with many answers outstanding at once, over one subscription under the connection's own inbox. A request that
 * times out may still have been carried out: receivers are idempotent.
 */
import { LIMITS } from '@countersign/contracts/limits';
import { monotonicMs } from './clock.ts';
import type { Connection, Headers, Message } from './nats-connection.ts';

const MAX_OUTSTANDING = 8_192;
const SWEEP_MS = 50;

export type Reply =
  | { ok: true; message: Message }
  | { ok: false; reason: 'timeout' | 'no_responders' | 'closed' | 'overloaded' | 'mismatch' };

export type Asking = {
  timeout_ms: number;
  headers?: Headers | undefined;
  /** Whether a message answers this question; what does not is no answer. */
  isAnswer?: (message: Message) => boolean;
  /** Given for what may be asked again after some silence. Hears each time. */
  onRepeat?: (() => void) | undefined;
};

export type ReplyWindow = {
  /**
   * Never buffers: without a connection nothing is sent that its caller has given up. Rejects only what is too large for
   * the server, which is a bug.
   */
  ask(subject: string, data: string | Uint8Array, asking: Asking): Promise<Reply>;
  close(): void;
};

type Waiting = Asking & {
  resolve: (reply: Reply) => void;
  send: () => void;
  due: number;
  repeat_at: number;
  /** Times it was asked less those that came to nothing. */
  open: number;
};

export function openReplyWindow(connection: Connection): ReplyWindow {
  const prefix = `${connection.inbox}.reply.`;
  const outstanding = new Map<number, Waiting>();
  let next = 0;

  const settle = (id: number, reply: Reply): void => {
    const waiting = outstanding.get(id);
    if (!waiting) return;
    outstanding.delete(id);
    waiting.resolve(reply);
  };
  const receive = (id: number, message: Message): void => {
    const waiting = outstanding.get(id);
    if (!waiting) return;
    /** NATS answers itself, with status 503, when nobody listens. */
    const missing = message.status === 503;
    const answers = !missing && (waiting.isAnswer?.(message) ?? true);
    waiting.open -= 1;
    if (answers) settle(id, { ok: true, message });
    else if (waiting.open === 0) settle(id, { ok: false, reason: missing ? 'no_responders' : 'mismatch' });
  };
  const unsubscribe = connection.subscribe(`${prefix}*`, null, (message) =>
    receive(Number(message.subject.slice(prefix.length)), message),
  );

  const askAgain = (waiting: Waiting, now: number): void => {
    waiting.repeat_at = now + LIMITS.repeat_every_ms;
    if (!connection.isConnected()) return;
    waiting.open += LIMITS.repeat_copies;
    for (let copy = 0; copy < LIMITS.repeat_copies; copy++) waiting.send();
    waiting.onRepeat?.();
  };
  /** Runs while a question is open: a process that has nothing to do must not wake for it. */
  let sweep: NodeJS.Timeout | undefined;
  const look = (): void => {
    const now = monotonicMs();
    for (const [id, waiting] of outstanding) {
      if (waiting.due <= now) settle(id, { ok: false, reason: 'timeout' });
      else if (waiting.repeat_at <= now) askAgain(waiting, now);
    }
    if (outstanding.size > 0) return;
    clearInterval(sweep);
    sweep = undefined;
  };

  return {
    ask: (subject, data, asking) =>
      new Promise<Reply>((resolve) => {
        if (!connection.isConnected()) return resolve({ ok: false, reason: 'closed' });
        if (outstanding.size >= MAX_OUTSTANDING) return resolve({ ok: false, reason: 'overloaded' });
        const id = next++;
        const now = monotonicMs();
        const { headers } = asking;
        const send = () => connection.publish(subject, data, { reply: prefix + id, ...(headers ? { headers } : {}) });
        send();
        const repeat_at = asking.onRepeat ? now + LIMITS.repeat_after_ms : Number.POSITIVE_INFINITY;
        outstanding.set(id, { ...asking, resolve, send, due: now + asking.timeout_ms, repeat_at, open: 1 });
        sweep ??= setInterval(look, SWEEP_MS).unref();
      }),
    close() {
      clearInterval(sweep);
      void unsubscribe();
      for (const id of [...outstanding.keys()]) settle(id, { ok: false, reason: 'closed' });
    },
  };
}
