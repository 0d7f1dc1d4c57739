/**
 * Pulls from a durable consumer exactly as many messages as the caller has room for, so that an idle peer takes the
 * next one. Speaks `CONSUMER.MSG.NEXT` of the JetStream API (ADR-13) itself: a pull per free slot is its whole job.
 */
import { pullSubject } from '@countersign/contracts/streams';
import { monotonicMs } from './clock.ts';
import type { Connection, Message } from './nats-connection.ts';

const EXPIRES_MS = 10_000;
const RETRY_MS = 250;

export type StreamMessage = {
  subject: string;
  data: Uint8Array;
  /** RFC 3339: when JetStream stored it. */
  stored_at: string;
  traceparent: string | undefined;
  /** `Nats-Msg-Id`, as its sender named it: readable when the rest is not. */
  msg_id: string | undefined;
  /** Where it is acknowledged or given back, for who does so by another's hand. */
  receipt: string;
  json(): unknown;
  ack(): void;
  nak(delay_ms?: number): void;
  /** Its time to be acknowledged begins anew. */
  working(): void;
  term(): void;
};

export type PullConsumer = {
  /** Room for this many more messages than have been asked for and not yet come. */
  want(room: number): void;
  /** No more deliveries; what was asked for and still comes goes back to the stream. Resolves when nothing comes any more. */
  stop(): Promise<void>;
};

export type PullOptions = {
  /** Asks again only when so much room has gathered: 1 for a worker, many for who always has room for many. */
  refill?: number;
  /** The server says that there is no such consumer any more. */
  onMissing?: () => void;
};

type Source = { stream: string; durable: string };
let pulls = 0;

export function openPull(
  connection: Connection,
  source: Source,
  handle: (message: StreamMessage) => void,
  { refill = 1, onMissing }: PullOptions = {},
): PullConsumer {
  const inbox = `${connection.inbox}.pull.${pulls++}`;
  const subject = pullSubject(source);
  let room = 0;
  let asked = 0;
  let stopped = false;
  let scheduled = false;
  let last = monotonicMs();

  const ask = () => {
    scheduled = false;
    const batch = room - asked;
    if (stopped || batch <= 0 || !connection.isConnected()) return;
    asked += batch;
    last = monotonicMs();
    connection.publish(subject, `{"batch":${batch},"expires":${EXPIRES_MS * 1e6}}`, { reply: inbox });
  };
  const schedule = (delay = 0) => {
    if (scheduled || stopped) return;
    scheduled = true;
    if (delay > 0) setTimeout(ask, delay).unref();
    else setImmediate(ask);
  };
  const forget = (delay = 0) => {
    asked = 0;
    schedule(delay);
  };

  /** 408 tells how many of a pull stayed undelivered; 404, 409 and 503 end all there are. */
  const onStatus = (message: Message) => {
    if (message.status === 100) return;
    const pending = Number(message.headers.get('Nats-Pending-Messages') ?? Number.NaN);
    if (message.status === 408 && Number.isFinite(pending)) {
      asked = Math.max(0, asked - pending);
      schedule();
    } else {
      onMissing?.();
      forget(RETRY_MS);
    }
  };

  const unsubscribe = connection.subscribe(inbox, null, (message) => {
    last = monotonicMs();
    if (message.status !== 0) return onStatus(message);
    asked = Math.max(0, asked - 1);
    room = Math.max(0, room - 1);
    const wrapped = toStreamMessage(connection, message);
    if (stopped) wrapped.nak();
    else handle(wrapped);
  });

  connection.onReconnect(() => forget());
  /** A server that forgot the pull (restart, consumer made anew) says nothing: ask again. */
  const guard = setInterval(() => {
    if (monotonicMs() - last > EXPIRES_MS + 2_000) forget();
    else schedule();
  }, 1_000);
  guard.unref();

  return {
    want(more) {
      room = more;
      // While more than half of the room is asked for, the next one comes all the same: one pull then serves several.
      if (room - asked >= refill && asked * 2 <= room) schedule();
    },
    stop() {
      stopped = true;
      clearInterval(guard);
      return unsubscribe();
    },
  };
}

function toStreamMessage(connection: Connection, message: Message): StreamMessage {
  const reply = message.reply ?? '';
  const answer = (text: string) => connection.publish(reply, text);
  return {
    subject: message.subject,
    data: message.data,
    get stored_at() {
      return storedAt(reply);
    },
    traceparent: message.headers.get('traceparent'),
    msg_id: message.headers.get('Nats-Msg-Id'),
    receipt: reply,
    json: () => JSON.parse(Buffer.from(message.data).toString('utf8')),
    ack: () => answer('+ACK'),
    nak: (delay_ms) => answer(delay_ms === undefined ? '-NAK' : `-NAK {"delay":${Math.round(delay_ms * 1e6)}}`),
    working: () => answer('+WPI'),
    term: () => answer('+TERM'),
  };
}

/** `$JS.ACK.<stream>.<consumer>.<delivered>.<sseq>.<cseq>.<time ns>.<pending>`, with domain and account hash before it in newer servers. */
function storedAt(reply: string): string {
  const tokens = reply.split('.');
  const nanos = tokens.length >= 11 ? tokens[9] : tokens[7];
  const millis = Number((nanos ?? '0').slice(0, -6));
  return new Date(Number.isFinite(millis) ? millis : 0).toISOString();
}
