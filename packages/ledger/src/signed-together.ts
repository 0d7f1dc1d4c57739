/**
 * One Ed25519 signature over several texts of one moment: over the root of an RFC 6962 tree whose leaves are the texts. Each text
 * carries the signature with its own path, so that it is verified by itself and tells nothing of the others but hashes.
 */
import { HASH_BYTES } from './chain-hash.ts';
import { domainPrefix } from './digest.ts';
import { leafHash, proveEach, rootOfPath } from './merkle.ts';

/** Bytes of an Ed25519 signature, RFC 8032. */
const SIGNATURE_BYTES = 64;
/** Of the signature, and of place and number of texts, each u16 big endian. */
const HEAD_BYTES = SIGNATURE_BYTES + 4;

export type Opened = {
  /** What the signature is over. */
  signed: Uint8Array;
  signature: Uint8Array;
};

/**
 * Each text's proof: `signature ‖ u16 place ‖ u16 number ‖ path`. `sign` is given `domain ‖ 0x00 ‖ u16 number ‖ root`, the
 * number and the root of 32 bytes. Throws RangeError for fewer than 2 texts, which are signed as they stand, and for more than 65,535.
 */
export function signTogether(
  domain: string,
  texts: readonly Uint8Array[],
  sign: (signed: Uint8Array) => Uint8Array,
): Uint8Array[] {
  if (texts.length < 2) throw new RangeError('one text is signed by itself');
  const { root, paths } = proveEach(texts.map(leafHash));
  const signature = sign(signedText(domain, texts.length, root));
  return paths.map((path, place) => Buffer.concat([signature, u16(place), u16(texts.length), ...path]));
}

/** What has to be verified before the text may be believed; null for what proves nothing under any key. */
export function openTogether(domain: string, text: Uint8Array, proof: Uint8Array): Opened | null {
  const bytes = Buffer.from(proof);
  const hashes = bytes.length - HEAD_BYTES;
  if (hashes < HASH_BYTES || hashes % HASH_BYTES !== 0) return null;
  const [place, number] = [bytes.readUInt16BE(SIGNATURE_BYTES), bytes.readUInt16BE(SIGNATURE_BYTES + 2)];
  const path = Array.from({ length: hashes / HASH_BYTES }, (_, i) => {
    const from = HEAD_BYTES + i * HASH_BYTES;
    return bytes.subarray(from, from + HASH_BYTES);
  });
  const root = rootOfPath(leafHash(text), BigInt(place), BigInt(number), path);
  if (root === null) return null;
  return { signed: signedText(domain, number, root), signature: bytes.subarray(0, SIGNATURE_BYTES) };
}

function signedText(domain: string, number: number, root: Uint8Array): Uint8Array {
  return Buffer.concat([domainPrefix(domain), u16(number), root]);
}

function u16(value: number): Uint8Array {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
