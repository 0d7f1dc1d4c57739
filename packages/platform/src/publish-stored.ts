/** Publishes to JetStream and reads its acknowledgement: resolved means stored. A time-out may still have been stored. */
import { CountersignError } from '@countersign/contracts/errors';
import type { Headers } from './nats-connection.ts';
import type { ReplyWindow } from './reply-window.ts';

const ACK_MS = 5_000;

/** As nats-server says it of a stream that has as many bytes as it may, and refuses the newest. */
const FULL = 'maximum bytes exceeded';

/** The cause of a `bus_unavailable`: the stream stands and answers, and has no room. */
export class StreamFullError extends Error {
  override readonly name = 'StreamFullError';
}

type PubAck = { stream?: unknown; seq?: unknown; error?: { description?: string } };

/**
 * Stored means: acknowledged by the stream that it is meant for. Throws `bus_unavailable`: nothing stored, or nobody knows.
 * Callers publish again; receivers are idempotent.
 */
export async function publishStored(
  window: ReplyWindow,
  stream: string,
  subject: string,
  data: string,
  { headers, onMissing }: { headers?: Headers | undefined; onMissing?: () => void } = {},
): Promise<void> {
  const reply = await window.ask(subject, data, { timeout_ms: ACK_MS, headers });
  if (!reply.ok) {
    if (reply.reason !== 'no_responders') throw failed(reply.reason);
    onMissing?.();
    throw failed('no stream takes this subject');
  }
  const ack = readAck(reply.message.data);
  if (ack?.error) throw failed(ack.error.description ?? 'the stream refused the message');
  /** Anybody who listens on the subject may answer, another stream too. */
  if (ack?.stream !== stream || typeof ack.seq !== 'number') throw failed('this stream has acknowledged nothing');
}

function failed(cause: string) {
  return new CountersignError('bus_unavailable', undefined, {
    cause: cause === FULL ? new StreamFullError(cause) : new Error(cause),
  });
}

function readAck(data: Uint8Array): PubAck | null {
  try {
    return JSON.parse(Buffer.from(data).toString('utf8')) as PubAck | null;
  } catch {
    return null;
  }
}
