/** Signs warrants: compact JWS, EdDSA (RFC 8037), `typ` fixed. The key never leaves this process. */
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import type { WarrantClaims } from '@countersign/contracts/worker';
import { WARRANT_ISSUER, WARRANT_TYP } from '@countersign/contracts/worker';

const VALID_S = 60 * 60;
/** Clocks of workers may lag a little; the claim's database clock decides. */
const SKEW_S = 60;

export type WarrantSigner = {
  sign(claims: Omit<WarrantClaims, 'iss' | 'nbf' | 'exp'>, nowS: number): string;
  /** Base64url, over a text that is no warrant (`helloText`). */
  signText(text: string): string;
  /** JWK thumbprint-free key id: the first 16 base64url characters of the public key. */
  key_id: string;
};

/** Node's own signer: 42 µs a warrant with a cached key, where a promise-based one costs several times that. */
export function createWarrantSigner(pem: string): WarrantSigner {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('WARRANT_KEY must be an Ed25519 key');
  const raw = createPublicKey(key).export({ format: 'jwk' }).x as string;
  const key_id = raw.slice(0, 16);
  const header = encode({ alg: 'EdDSA', typ: WARRANT_TYP, kid: key_id });
  return {
    key_id,
    signText: (text) => sign(null, Buffer.from(text), key).toString('base64url'),
    sign(claims, nowS) {
      const full: WarrantClaims = { iss: WARRANT_ISSUER, nbf: nowS - SKEW_S, exp: nowS + VALID_S, ...claims };
      const input = `${header}.${encode(full)}`;
      return `${input}.${sign(null, Buffer.from(input), key).toString('base64url')}`;
    },
  };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
