/**
 * Ed25519 verification (RFC 8032 section 5.1.7), strict and the same wherever evidence is checked, whatever OpenSSL the
 * machine has. It verifies only; no private key ever comes here.
 */
import { createHash } from 'node:crypto';
import { hashes, verify } from '@noble/ed25519';

hashes.sha512 = (message) => Uint8Array.from(createHash('sha512').update(message).digest());

export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** False for a wrong signature and for bytes that are no signature or key. Strict: small-order keys count as wrong. */
export function verifyEd25519(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES || publicKey.length !== PUBLIC_KEY_BYTES) return false;
  return verify(signature, message, publicKey, { zip215: false });
}
