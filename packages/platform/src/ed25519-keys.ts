/** Ed25519 keys from their 32 raw bytes, as registries, settings and seeds hold them. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/** RFC 8410: PKCS#8 of an Ed25519 seed, up to the seed itself. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** `x`: base64url (RFC 8037, section 2). Throws what `node:crypto` throws for what is no key. */
export function publicKeyOf(x: string): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

/** Base64url. */
export function rawPublicKey(privateKey: KeyObject): string {
  return createPublicKey(privateKey).export({ format: 'jwk' }).x as string;
}

export function privateKeyOf(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
}
