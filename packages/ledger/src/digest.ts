/**
 * Every digest that binds a decision, an approval or a result to content. A domain comes first, so that a digest made
 * for one purpose can never stand for another; content is salted wherever the digest outlives it.
 */
import { hash } from 'node:crypto';
import { EVIDENCE_BOUNDS } from '@countersign/contracts/evidence-limits';

export const JOB_DOMAIN = 'countersign/job/v1';
export const EFFECTIVE_DOMAIN = 'countersign/effective/v1';
export const PAYLOAD_DOMAIN = 'countersign/payload/v1';
export const OUTPUT_DOMAIN = 'countersign/output/v1';
/** Of an artifact's own SHA-256, 32 bytes. */
export const ARTIFACT_DOMAIN = 'countersign/artifact/v1';
export const APPROVAL_DOMAIN = 'countersign/approval/v1';
export const GRANT_DOMAIN = 'countersign/grant/v1';
export const OFFER_DOMAIN = 'countersign/offer/v1';

/** 32 bytes. Out of their hex: asked for bytes, Node takes twice as long, and each has memory of its own to be collected. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return Buffer.from(sha256Hex(bytes), 'hex');
}

/** 64 lowercase hex digits. */
export function sha256Hex(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

/** `sha256:<hex>` of the text alone: the name of a policy snapshot. */
export function snapshotOf(canonicalText: string): string {
  return `sha256:${sha256Hex(encodeUtf8(canonicalText))}`;
}

/** `sha256:<hex>` of `domain ‖ 0x00 ‖ len32(salt) ‖ salt ‖ utf8(text)`, the length as u32 big endian. */
export function saltedDigest(domain: string, salt: Uint8Array, canonicalText: string): string {
  return saltedDigestOfBytes(domain, salt, encodeUtf8(canonicalText));
}

/** The same of bytes: UTF-8 of a canonical text, or what could not be read. */
export function saltedDigestOfBytes(domain: string, salt: Uint8Array, bytes: Uint8Array): string {
  // A salt that can be guessed gives a short secret away.
  if (salt.length < EVIDENCE_BOUNDS.salt_bytes)
    throw new RangeError(`a salt has at least ${EVIDENCE_BOUNDS.salt_bytes} bytes`);
  return digestOf(domain, lengthPrefixed(salt), bytes);
}

/** `sha256:<hex>` of `domain ‖ 0x00 ‖ utf8(text)`. Short content can be guessed back from it: keep it beside the content. */
export function plainDigest(domain: string, canonicalText: string): string {
  return digestOf(domain, new Uint8Array(0), encodeUtf8(canonicalText));
}

/** `utf8(domain) ‖ 0x00`: no domain holds U+0000, so none is the beginning of another. */
export function domainPrefix(domain: string): Uint8Array {
  return encodeUtf8(`${domain}\0`);
}

/** `u32 big endian length ‖ bytes`: two fields can't shift a byte between them and hash alike. */
export function lengthPrefixed(bytes: Uint8Array): Uint8Array {
  const out = Buffer.allocUnsafe(4 + bytes.length);
  out.writeUInt32BE(bytes.length, 0);
  out.set(bytes, 4);
  return out;
}

/** UTF-8 bytes. Throws on a lone surrogate: encoders replace it with U+FFFD, so two texts would share one digest. */
export function encodeUtf8(text: string): Uint8Array {
  if (!text.isWellFormed()) throw new TypeError('half of a surrogate pair cannot be hashed');
  return Buffer.from(text, 'utf8');
}

function digestOf(domain: string, prefix: Uint8Array, bytes: Uint8Array): string {
  return `sha256:${sha256Hex(Buffer.concat([domainPrefix(domain), prefix, bytes]))}`;
}
