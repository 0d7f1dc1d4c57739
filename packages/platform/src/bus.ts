/** Messaging between services and workers: RPC by verb, JetStream publishes, batched consumption, hints. */

import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import type { RpcAnswer, RpcRequest, RpcVerb } from '@countersign/contracts/rpc';
import { subjects } from '@countersign/contracts/subjects';
import { waitForMore } from './batch-delay.ts';
import { monotonicMs } from './clock.ts';
import { type Hint, hearHints, sendHint } from './hints.ts';
import type { JetStream } from './jetstream-api.ts';
import { askServer, openJetStream } from './jetstream-api.ts';
import type { Logger } from './logger.ts';
import { errorFields } from './logger.ts';
import type { Metrics } from './metrics.ts';
import type { Connection } from './nats-connection.ts';
import { connectNats, isViolation } from './nats-connection.ts';
import { publishStored } from './publish-stored.ts';
import type { PullConsumer, StreamMessage } from './pull-consumer.ts';
import { openPull } from './pull-consumer.ts';
import { openReplyWindow } from './reply-window.ts';
import type { Door, Handle } from './rpc-answer.ts';
import { openAnswering } from './rpc-answer.ts';
import type { CallOptions, RawOptions } from './rpc-call.ts';
import { callRaw, callRpc } from './rpc-call.ts';

export type { Hint } from './hints.ts';
export type { StreamMessage } from './pull-consumer.ts';
export type { RpcMeta } from './rpc-answer.ts';

/** `ttl_s`: seconds after which the stream drops the message. */
export type PublishOptions = { msg_id?: string; ttl_s?: number; traceparent?: string };

export type Bus = {
  /** Throws the failure that was answered, or `<service>_unavailable`. */
  call<V extends RpcVerb>(verb: V, request: RpcRequest<V>, options?: CallOptions): Promise<RpcAnswer<V>>;
  /** `subject` defaults to `rpc.<verb>`; workers call `rpc.scheduler.claim.<pool>.<worker>`. */
  callAt<V extends RpcVerb>(
    subject: string,
    verb: V,
    request: RpcRequest<V>,
    options?: CallOptions,
  ): Promise<RpcAnswer<V>>;
  serve<V extends RpcVerb>(verb: V, handle: Handle<V>): void;
  /** For doors that parse for themselves (`rpc.ingress.submit.*`). */
  serveRaw(subject: string, door: Door): void;
  /**
   * Asks such a door: a body and headers as they are, and the value that was answered, for the caller to parse. Throws
   * the failure that was answered, or `bus_unavailable`: nobody listens, no answer in time, nonsense, or another's answer.
   */
  askRaw(subject: string, body: string, options: RawOptions): Promise<unknown>;
  /** Resolves when this stream has stored it. */
  publish(stream: string, subject: string, body: object, options?: PublishOptions): Promise<void>;
  /** Hands it to a stream without asking whether it was stored: for what a sweep sends again by itself. */
  offer(subject: string, body: object, options?: PublishOptions): void;
  /** Batches share a `handle`; while one runs the next collects. What it throws gives the whole batch back. Answers its end. */
  consume(
    source: { stream: string; durable: string },
    options: { batch: number; handle: (messages: StreamMessage[]) => Promise<void> },
  ): () => Promise<void>;
  /** Message by message, exactly as many as there is room for. */
  pull(source: { stream: string; durable: string }, handle: (message: StreamMessage) => void): PullConsumer;
  /** Says that there is something to do. Never stored: whoever is meant also finds it by a sweep. */
  hint(subject: string, body: object): void;
  /** Hints of these subjects in batches, each to one instance of this user or to `every` one. What `handle` throws is left to the sweep. */
  onHints(subjects: readonly string[], options: HearOptions): void;
  subscribe(subject: string, handle: (subject: string, data: Uint8Array) => void): () => void;
  announceControl(epoch: number): void;
  onControl(handle: () => void): void;
  connection: Connection;
  /** The API of the streams, and publishing in order. */
  jetstream: JetStream;
  /** Asks the server itself. Throws `bus_unavailable`: no answer, or none that parses. */
  ask(subject: string, body: object): Promise<Record<string, unknown>>;
  /** Hears when the server says that a stream or consumer which was used is not there. */
  onStreamMissing(handle: () => void): void;
  /** A round trip to the server; throws `bus_unavailable`. */
  check(): Promise<void>;
  /** Ends deliveries, waits for the work under way, closes. */
  close(): Promise<void>;
};

type HearOptions = { batch: number; every?: boolean; handle: (hints: Hint[]) => Promise<void> };

export type BusOptions = {
  servers: string;
  nkey_seed: string;
  /** The NATS user's name: its inbox prefix and, for a service, its queue group. */
  user: string;
  wait_ms?: number;
  /** Hears when the server refuses a publication or subscription of this user. */
  onViolation?: () => void;
  log?: Logger;
  metrics?: Metrics;
};

type Inflight = Set<Promise<unknown>>;

export async function connectBus(options: BusOptions): Promise<Bus> {
  const connection = await connectNats({
    servers: options.servers,
    nkey_seed: options.nkey_seed,
    name: options.user,
    inbox_prefix: subjects.inbox(options.user),
    wait_ms: options.wait_ms ?? 10_000,
  });
  const { log, metrics } = options;
  connection.onError((error) => {
    log?.error(errorFields(error), 'the bus reports an error');
    if (isViolation(error)) options.onViolation?.();
  });
  const window = openReplyWindow(connection);
  const answering = openAnswering({ connection, log, metrics });
  const calling = { window, log, metrics };
  const inflight: Inflight = new Set();
  const stops: (() => Promise<unknown>)[] = [];
  const missing: (() => void)[] = [];
  const tellMissing = (): void => {
    for (const handle of missing) handle();
  };

  const runBatch = async (
    messages: StreamMessage[],
    handle: (messages: StreamMessage[]) => Promise<void>,
  ): Promise<void> => {
    const work = handle(messages).catch((thrown: unknown) => {
      log?.warn({ ...errorFields(thrown), messages: messages.length }, 'a batch goes back to its stream');
      for (const message of messages) message.nak(LIMITS.redeliver_ms);
    });
    track(inflight, work);
    await work;
  };

  return {
    connection,
    jetstream: openJetStream(connection, window),
    call: (verb, request, callOptions = {}) => callRpc(calling, `rpc.${verb}`, verb, request, callOptions),
    callAt: (subject, verb, request, callOptions = {}) => callRpc(calling, subject, verb, request, callOptions),
    serve: (verb, handle) => void stops.push(answering.serve(verb, handle)),
    serveRaw: (subject, door) => void stops.push(answering.serveRaw(subject, options.user, door)),
    askRaw: (subject, body, options) => callRaw(calling, subject, body, options),
    publish: (stream, subject, body, options = {}) =>
      publishStored(window, stream, subject, JSON.stringify(body), {
        headers: headersOf(options),
        onMissing: tellMissing,
      }),
    offer: (subject, body, options = {}) => {
      const headers = headersOf(options);
      if (connection.isConnected()) connection.publish(subject, JSON.stringify(body), headers ? { headers } : {});
    },
    consume(source, { batch, handle }) {
      const pull = batcher(
        (each) => openPull(connection, source, each, { refill: batch, onMissing: tellMissing }),
        batch,
        (messages) => runBatch(messages, handle),
      );
      stops.push(pull.stop);
      return pull.stop;
    },
    pull(source, handle) {
      const pull = openPull(connection, source, handle, { onMissing: tellMissing });
      stops.push(pull.stop);
      return pull;
    },
    hint: (subject, body) => sendHint(connection, subject, body),
    onHints(subjects, { batch, every = false, handle }) {
      const heard = async (hints: Hint[]): Promise<void> => {
        const work = handle(hints).catch((thrown: unknown) =>
          log?.warn({ ...errorFields(thrown), hints: hints.length }, 'hints are left to the sweep'),
        );
        track(inflight, work);
        await work;
      };
      stops.push(hearHints(connection, subjects, { queue: every ? null : options.user, batch, handle: heard }));
    },
    subscribe: (subject, handle) =>
      connection.subscribe(subject, null, (message) => handle(message.subject, message.data)),
    announceControl: (epoch) => connection.publish(subjects.control(), String(epoch)),
    onControl: (handle) => void connection.subscribe(subjects.control(), null, () => handle()),
    ask: (subject, body) => askServer(window, subject, body),
    onStreamMissing: (handle) => void missing.push(handle),
    async check() {
      if (!connection.isConnected()) throw new CountersignError('bus_unavailable');
      await within(connection.flush(), LIMITS.rpc_ms);
    },
    async close() {
      // Questions that the server has sent here already are nobody else's to answer.
      await within(Promise.all(stops.map((stop) => stop())), LIMITS.rpc_ms).catch(() => undefined);
      await within(Promise.all([Promise.allSettled([...inflight]), answering.settled()]), LIMITS.drain_ms).catch(
        () => undefined,
      );
      window.close();
      await within(connection.drain(), LIMITS.rpc_ms).catch(() => undefined);
    },
  };
}

function track(inflight: Inflight, work: Promise<unknown>): void {
  inflight.add(work);
  void work.finally(() => inflight.delete(work));
}

function headersOf({ msg_id, ttl_s, traceparent }: PublishOptions): Readonly<Record<string, string>> | undefined {
  const headers = {
    ...(msg_id ? { 'Nats-Msg-Id': msg_id } : {}),
    ...(ttl_s ? { 'Nats-TTL': `${ttl_s}s` } : {}),
    ...(traceparent ? { traceparent } : {}),
  };
  return Object.keys(headers).length > 0 ? headers : undefined;
}

/** Milliseconds of waiting after which a message is said to be in work when its batch begins. */
const WAITED_MS = 500;

/**
 * Collects messages and hands them on in batches, one `handle` at a time. What waited for a slow batch has its whole time to
 * be acknowledged for its own: else it would come again while it is worked on. Stopped, it gives back what still waits.
 */
function batcher(
  pullOf: (handle: (m: StreamMessage) => void) => PullConsumer,
  batch: number,
  run: (messages: StreamMessage[]) => Promise<void>,
) {
  const buffer: { message: StreamMessage; came_at: number }[] = [];
  const room = batch * 2;
  let busy = false;
  const pull = pullOf((message) => {
    buffer.push({ message, came_at: monotonicMs() });
    if (!busy) void drain();
  });
  const drain = async () => {
    busy = true;
    await new Promise((resolve) => setImmediate(resolve));
    while (buffer.length > 0) {
      const taken = buffer.splice(0, batch);
      const waited = monotonicMs() - WAITED_MS;
      for (const { message, came_at } of taken) if (came_at < waited) message.working();
      await run(taken.map(({ message }) => message));
      pull.want(room - buffer.length);
      await waitForMore(taken.length, buffer.length);
    }
    busy = false;
  };
  pull.want(room);
  return {
    stop(): Promise<void> {
      for (const { message } of buffer.splice(0)) message.nak();
      return pull.stop();
    },
  };
}

async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new CountersignError('bus_unavailable')), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
