/** Which of a signer's keys signed: one, or two while one takes over from the other. Ed25519, RFC 8032. */
import { type KeyObject, verify } from 'node:crypto';
import { promisify } from 'node:util';

// Off the event loop: 112 µs each.
const verifyInPool = promisify(verify) as (
  algorithm: null,
  data: Uint8Array,
  key: KeyObject,
  signature: Uint8Array,
) => Promise<boolean>;

/** Undefined when none of them did. */
export async function signedBy<K extends { key: KeyObject }>(
  keys: readonly K[],
  text: Uint8Array,
  signature: Uint8Array,
): Promise<K | undefined> {
  for (const each of keys) if (await verifyInPool(null, text, each.key, signature)) return each;
  return undefined;
}
