/**
 * JetStream's API as its subjects take it (JSON there and back), and publishing in an order that the stream itself checks.
 * Whose streams these are is decided by the server's permissions, not here.
 */
import { CountersignError } from '@countersign/contracts/errors';
import type { Connection } from './nats-connection.ts';
import type { ReplyWindow } from './reply-window.ts';

/** As the server answers; `code` is like an HTTP status, `err_code` says exactly what. */
export type ApiError = { code: number; err_code: number; description: string };
export type ApiAnswer = Record<string, unknown> & { error?: ApiError };

export type OrderedMessage = { subject: string; body: object };

export type JetStream = {
  /** `subject` without `$JS.API.`. Throws `bus_unavailable` when nobody answers or the answer is none. */
  ask(subject: string, body?: object): Promise<ApiAnswer>;
  /**
   * Stores the messages one after the other, the first right behind sequence `after`, with nothing between them: each is
   * refused unless the one before was stored, so the acknowledgement of the last proves all, and it alone is asked for.
   * Answers the last one's sequence. Throws `bus_unavailable`; then a first part of them may have been stored.
   */
  publishInOrder(stream: string, after: number, messages: readonly OrderedMessage[]): Promise<number>;
};

const API_MS = 2_000;
const ACK_MS = 5_000;

export function openJetStream(connection: Connection, window: ReplyWindow): JetStream {
  return {
    ask: (subject, body) => askServer(window, `$JS.API.${subject}`, body),
    async publishInOrder(stream, after, messages) {
      const last = messages.length - 1;
      for (const [i, { subject, body }] of messages.slice(0, last).entries()) {
        connection.publish(subject, JSON.stringify(body), { headers: behind(after + i) });
      }
      const { subject, body } = messages[last]!;
      const reply = await window.ask(subject, JSON.stringify(body), {
        timeout_ms: ACK_MS,
        headers: behind(after + last),
      });
      if (!reply.ok) throw unavailable(reply.reason);
      return readAck(readObject(reply.message.data), stream, after + last + 1);
    },
  };
}

/** Throws `bus_unavailable` when nobody answers or the answer is none. */
export async function askServer(window: ReplyWindow, subject: string, body?: object): Promise<ApiAnswer> {
  const reply = await window.ask(subject, body ? JSON.stringify(body) : '', { timeout_ms: API_MS });
  if (!reply.ok) throw unavailable(`${subject}: ${reply.reason}`);
  return readObject(reply.message.data);
}

function behind(seq: number): Record<string, string> {
  return { 'Nats-Expected-Last-Sequence': String(seq) };
}

function unavailable(cause: string): CountersignError {
  return new CountersignError('bus_unavailable', undefined, { cause: new Error(cause) });
}

/** Anybody who listens on the subject may answer: it counts only if it names the stream and the place that was asked for. */
function readAck(ack: ApiAnswer, stream: string, seq: number): number {
  if (ack.error) throw unavailable(ack.error.description);
  if (ack.stream !== stream || ack.seq !== seq) throw unavailable('the answer is no acknowledgement of this message');
  return seq;
}

function readObject(data: Uint8Array): ApiAnswer {
  try {
    const value: unknown = JSON.parse(Buffer.from(data).toString('utf8'));
    if (typeof value === 'object' && value !== null) return value as ApiAnswer;
  } catch {
    // Told like any other nonsense.
  }
  throw unavailable('the answer does not parse');
}
