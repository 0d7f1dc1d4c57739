// Makes the nkeys by which NATS knows its users. A seed leaves here once, to whoever keeps it, and is never logged.
import { createUser, fromSeed } from '@nats-io/nkeys';

export type NatsKey = {
  /** Secret, `SU…`. */
  seed: string;
  /** `U…`, as the server's configuration names it. */
  nkey_public: string;
};

export function createNatsKey(): NatsKey {
  const pair = createUser();
  return { seed: new TextDecoder().decode(pair.getSeed()), nkey_public: pair.getPublicKey() };
}

/** Throws NKeysError for a text that is no seed. */
export function publicKeyOf(seed: string): string {
  return fromSeed(new TextEncoder().encode(seed)).getPublicKey();
}
