/** Signs warrants: compact JWS, by itself (EdDSA, RFC 8037) or several at once, `typ` fixed. The key never leaves this process. */
import { createPrivateKey, sign } from 'node:crypto';
import {
  TOGETHER_ALG,
  WARRANT_ALG,
  WARRANT_ISSUER,
  WARRANT_TYP,
  WARRANTS_DOMAIN,
  type WarrantClaims,
} from '@countersign/contracts/worker';
import { signTogether } from '@countersign/ledger/signed-together';
import { rawPublicKey } from '@countersign/platform/ed25519-keys';

const VALID_S = 60 * 60;
/** Clocks of workers may lag a little; the claim's database clock decides. */
const SKEW_S = 60;

export type SignedClaims = Omit<WarrantClaims, 'iss' | 'nbf' | 'exp'>;
export type WarrantSigner = {
  sign(claims: SignedClaims, nowS: number): string;
  /** Two or more under one signature, each a warrant by itself. */
  signTogether(claims: readonly SignedClaims[], nowS: number): string[];
  /** Base64url, over a text that is no warrant (`helloText`). */
  signText(text: string): string;
  /** JWK thumbprint-free key id: the first 16 base64url characters of the public key. */
  key_id: string;
};

/**
 * Who cannot read a warrant that was signed together is sent the job once more, under one of its own. A yes of people may be worth
 * one dispatch only, and is not risked for that.
 */
export function maySignTogether({ attempt, approval_id }: { attempt: number; approval_id: string | null }): boolean {
  return attempt === 1 && approval_id === null;
}

/** Node's own signer: 42 µs a warrant with a cached key, where a promise-based one costs several times that. */
export function createWarrantSigner(pem: string): WarrantSigner {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('WARRANT_KEY must be an Ed25519 key');
  const raw = rawPublicKey(key);
  const key_id = raw.slice(0, 16);
  const [alone, together] = [WARRANT_ALG, TOGETHER_ALG].map((alg) => encode({ alg, typ: WARRANT_TYP, kid: key_id }));
  const signed = (text: Uint8Array): Buffer => sign(null, text, key);
  return {
    key_id,
    signText: (text) => signed(Buffer.from(text)).toString('base64url'),
    sign(claims, nowS) {
      const input = `${alone}.${encodeClaims(claims, nowS)}`;
      return `${input}.${signed(Buffer.from(input)).toString('base64url')}`;
    },
    signTogether(claims, nowS) {
      const inputs = claims.map((each) => `${together}.${encodeClaims(each, nowS)}`);
      const texts = inputs.map((input) => Buffer.from(input));
      const proofs = signTogether(WARRANTS_DOMAIN, texts, signed);
      return proofs.map((proof, i) => `${inputs[i]}.${Buffer.from(proof).toString('base64url')}`);
    },
  };
}

function encodeClaims(claims: SignedClaims, nowS: number): string {
  const full: WarrantClaims = { iss: WARRANT_ISSUER, nbf: nowS - SKEW_S, exp: nowS + VALID_S, ...claims };
  return encode(full);
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
