/**
 * A receipt of inclusion as COSE has it (RFC 9942; SCITT's of RFC 9943): that an entry is in the log whose root the issuer signed, in a
 * form that tools outside know. The tree is RFC 9162's with SHA-256; the data of a leaf is the entry's hash.
 */
import { type Cbor, encodeCbor } from './cbor.ts';
import type { TreeHead } from './merkle.ts';

export type ReceiptParts = {
  head: TreeHead;
  leaf_index: bigint;
  /** From the leaf to the root. */
  path: readonly Uint8Array[];
  /** Who stands behind it, and what it is about: the chain. */
  issuer: string;
  subject: string;
  /** Tells a verifier which key: here the Ed25519 public key itself. */
  key_id: Uint8Array;
};

/** Labels of headers and claims: RFC 9052, section 3.1; RFC 9597; RFC 9942, section 8. */
const ALG = 1;
const KID = 4;
const CWT_CLAIMS = 15;
const [ISS, SUB] = [1, 2];
const VDS = 395;
const VDP = 396;
const INCLUSION = -1;
const EDDSA = -8;
const RFC9162_SHA256 = 1;
const COSE_SIGN1 = 18;

/** `sign`: Ed25519 over what it is given. The payload is the root, which whoever verifies computes from the proof: it is left out. */
export function coseReceipt(parts: ReceiptParts, sign: (message: Uint8Array) => Uint8Array): Uint8Array {
  const { head, leaf_index, path } = parts;
  const protectedHeader = encodeCbor(protectedOf(parts));
  const signature = sign(encodeCbor(['Signature1', protectedHeader, new Uint8Array(), head.root]));
  const proof = encodeCbor([head.size, leaf_index, [...path]]);
  const unprotected = new Map([[VDP, new Map([[INCLUSION, [proof]]])]]);
  return encodeCbor({ tag: COSE_SIGN1, value: [protectedHeader, unprotected, null, signature] });
}

function protectedOf({ issuer, subject, key_id }: ReceiptParts): ReadonlyMap<number, Cbor> {
  const claims = new Map<number, Cbor>([
    [ISS, issuer],
    [SUB, subject],
  ]);
  return new Map<number, Cbor>([
    [ALG, EDDSA],
    [KID, key_id],
    [CWT_CLAIMS, claims],
    [VDS, RFC9162_SHA256],
  ]);
}
