/**
 * Answers requests, each into the inbox that it names and beside the digest of what arrived, so that whoever asked can
 * tell the answer from every other. A question that comes again while it is worked on is answered once.
 */
import { CountersignError, failureOf } from '@countersign/contracts/errors';
import type { RpcAnswer, RpcParsed, RpcVerb } from '@countersign/contracts/rpc';
import { RPC } from '@countersign/contracts/rpc';
import type { Logger } from './logger.ts';
import { errorFields } from './logger.ts';
import type { Metrics } from './metrics.ts';
import type { Connection, Message } from './nats-connection.ts';
import { readShape } from './read-shape.ts';
import { digestOf, mayCall, type Outcome, readRequest, servedAt } from './rpc-envelope.ts';

export type RpcMeta = { subject: string; traceparent: string };
export type Handle<V extends RpcVerb> = (request: RpcParsed<V>, meta: RpcMeta) => Promise<RpcAnswer<V>>;

/** Parses for itself: raw bytes in, any JSON out. Whose inbox may be answered into is its own to say. */
export type Door = { mayAnswer: (message: Message) => boolean; handle: (message: Message) => Promise<unknown> };

export type Answering = {
  serve<V extends RpcVerb>(verb: V, handle: Handle<V>): () => Promise<void>;
  serveRaw(subject: string, queue: string, door: Door): () => Promise<void>;
  /** Resolves when what is being worked on has been answered. */
  settled(): Promise<void>;
};

export type AnsweringParts = { connection: Connection; log: Logger | undefined; metrics: Metrics | undefined };

type Work = { label: string; name: object; handle: () => Promise<unknown> };

export function openAnswering({ connection, log, metrics }: AnsweringParts): Answering {
  /** By the reply subject, which no asker uses for two questions. */
  const underWay = new Map<string, Promise<void>>();

  const answer = async (message: Message, { label, name, handle }: Work): Promise<void> => {
    const asked = digestOf(message.data);
    const send = (outcome: Outcome): void => {
      if (connection.isConnected()) connection.publish(message.reply!, JSON.stringify({ ...name, asked, ...outcome }));
      metrics?.count('rpc_requests_total', { verb: label, outcome: outcome.ok ? 'ok' : outcome.error.code });
    };
    try {
      send({ ok: true, value: await handle() });
    } catch (thrown) {
      if (!(thrown instanceof CountersignError))
        log?.error({ ...errorFields(thrown), verb: label }, 'a handler failed, or its answer is too large');
      send({ ok: false, error: failureOf(thrown) });
    }
  };

  const begin = (message: Message, prepare: () => Work): void => {
    const reply = message.reply!;
    if (underWay.has(reply)) return;
    const work = answer(message, prepare()).finally(() => underWay.delete(reply));
    underWay.set(reply, work);
  };

  const refuse = (message: Message): void =>
    log?.warn({ subject: message.subject }, 'reply subject is outside the caller’s inbox; request dropped');

  return {
    serve(verb, handle) {
      return connection.subscribe(servedAt(verb), RPC[verb].service, (message) => {
        if (!mayCall(verb, message)) return refuse(message);
        begin(message, () => {
          const { id, traceparent, body } = readRequest(message.data);
          const meta = { subject: message.subject, traceparent };
          return { label: verb, name: { id }, handle: async () => handle(parse(verb, body), meta) };
        });
      });
    },
    serveRaw: (subject, queue, { mayAnswer, handle }) =>
      connection.subscribe(subject, queue, (message) => {
        if (!message.reply || !mayAnswer(message)) return refuse(message);
        begin(message, () => ({ label: subject, name: {}, handle: () => handle(message) }));
      }),
    async settled() {
      await Promise.allSettled([...underWay.values()]);
    },
  };
}

function parse<V extends RpcVerb>(verb: V, body: unknown): RpcParsed<V> {
  return readShape(RPC[verb].request, body, 'field_invalid') as RpcParsed<V>;
}
