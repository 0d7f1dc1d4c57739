/**
 * Remembers which signatures over several warrants were verified, so that the warrants of one moment cost one verification. Only
 * what a key has signed is remembered, and only while that key is pinned; the oldest is forgotten first.
 */
import { type KeyObject, verify } from 'node:crypto';
import { lengthPrefixed } from '@countersign/ledger/digest';
import type { Opened } from '@countersign/ledger/signed-together';

/** Of the last moments; a warrant that comes later costs a verification again. */
const REMEMBERED = 256;

/** Whether one of the keys made the signature. */
export type VerifiedSignatures = (opened: Opened, keys: readonly KeyObject[]) => boolean;

type Check = (signed: Uint8Array, key: KeyObject, signature: Uint8Array) => boolean;

/** `check`: Ed25519, RFC 8032. */
export function rememberSignatures(check: Check = isSignedBy): VerifiedSignatures {
  const known = new Map<string, KeyObject>();
  return ({ signed, signature }, keys) => {
    const name = Buffer.concat([lengthPrefixed(signature), signed]).toString('base64');
    const before = known.get(name);
    if (before !== undefined && keys.includes(before)) return true;
    const key = keys.find((each) => check(signed, each, signature));
    if (key === undefined) return false;
    if (known.size >= REMEMBERED) known.delete(known.keys().next().value!);
    known.set(name, key);
    return true;
  };
}

function isSignedBy(signed: Uint8Array, key: KeyObject, signature: Uint8Array): boolean {
  return verify(null, signed, key, signature);
}
