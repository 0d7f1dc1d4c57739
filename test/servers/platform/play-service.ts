/**
 * Plays whoever answers a verb, byte by byte, on a plain connection: rightly, wrongly, for another question, or not at all.
 */
import { createHash } from 'node:crypto';
import type { NatsConnection } from '@nats-io/transport-node';

type Bytes = string | Uint8Array;
/** `nth` counts from 1. Null says nothing. */
export type Answer = (asked: Uint8Array, nth: number) => Bytes | null;

export type PlayedService = Disposable & {
  /** Each request as it came. */
  asked: string[];
};

export async function playService(peer: NatsConnection, verb: string, answer: Answer): Promise<PlayedService> {
  const asked: string[] = [];
  const subscription = peer.subscribe(`rpc.${verb}`, {
    callback: (_, message) => {
      asked.push(message.string());
      const said = answer(message.data, asked.length);
      if (said !== null) message.respond(said);
    },
  });
  await peer.flush();
  return { asked, [Symbol.dispose]: () => subscription.unsubscribe() };
}

/** How an answer names its question: the request's id, and the digest of its bytes. */
export function naming(asked: Uint8Array): { id: string; asked: string } {
  return {
    id: (JSON.parse(Buffer.from(asked).toString()) as { id: string }).id,
    asked: createHash('sha256').update(asked).digest('base64url'),
  };
}

export function answering(asked: Uint8Array, outcome: object): string {
  return JSON.stringify({ ...naming(asked), ...outcome });
}
