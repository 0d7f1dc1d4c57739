/**
 * Signed HTTP requests (RFC 9421) as this API takes them: one signature, Ed25519, over a fixed set of components. The text
 * that is signed is made here for who signs and who verifies alike. Pure.
 */

/** Says what the signature is for, so that one made for another purpose is none here. */
export const SIGNATURE_TAG = 'countersign';
/** Of what a worker signs. */
export const WORKER_SIGNATURE_TAG = 'countersign-worker';
export const SIGNATURE_ALGORITHM = 'ed25519';

/** Whoever signs covers all of these. The scheme is the proxy's business, so `@target-uri` is not among them. */
export const ALWAYS_SIGNED = ['@method', '@authority', '@path', '@query'] as const;
/** And each of these that the request has: it changes what the request does. */
export const SIGNED_WHERE_SENT = ['content-digest', 'content-type', 'idempotency-key', 'x-tenant-id'] as const;

export type SignatureTerms = {
  /** Seconds since the epoch. */
  created: number;
  expires: number;
  /** 16 to 64 base64url characters, never the same again. */
  nonce: string;
  /** Whose registered key signs: an agent's id, or `worker:<pool>/<worker>`. */
  keyid: string;
};

/** Section 2.3: the parameters as they stand in `Signature-Input` after the label. */
export function signatureParams(
  covered: readonly string[],
  terms: SignatureTerms,
  tag: string = SIGNATURE_TAG,
): string {
  const names = covered.map((name) => `"${name}"`).join(' ');
  const { created, expires, nonce, keyid } = terms;
  return `(${names});created=${created};expires=${expires};nonce="${nonce}";keyid="${keyid}";alg="${SIGNATURE_ALGORITHM}";tag="${tag}"`;
}

/** Section 2.5: the text that is signed. `params` is what `Signature-Input` says, to the letter. */
export function signatureBase(covered: readonly (readonly [name: string, value: string])[], params: string): string {
  const lines = covered.map(([name, value]) => `"${name}": ${value}`);
  return [...lines, `"@signature-params": ${params}`].join('\n');
}
