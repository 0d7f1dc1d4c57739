/**
 * What a witness signs: a timestamp over a checkpoint's text (C2SP tlog-cosignature, cosignature/v1), saying that it saw
 * this log at this size and never at one that contradicts it. Verification only; witnesses bring their signer along.
 */

import { sameBytes } from './chain-hash.ts';
import { type NoteKey, type NoteSignature, type NoteSigner, parseCheckpoint, signatureLine } from './checkpoint.ts';
import { encodeUtf8, sha256 } from './digest.ts';
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES, verifyEd25519 } from './verify-ed25519.ts';

/** The signature type of cosignature/v1. */
const COSIGNATURE = Uint8Array.of(4);
const KEY_ID_BYTES = 4;
const TIME_BYTES = 8;

/** `time_s`: seconds since 1970 by the witness' clock. */
export type Cosignature = { readonly witness: string; readonly time_s: bigint };

/** The first four bytes of sha256(name ‖ 0x0A ‖ 0x04 ‖ public key). */
export function witnessKeyId(key: NoteKey): Uint8Array {
  return sha256(Buffer.concat([encodeUtf8(`${key.name}\n`), COSIGNATURE, key.public_key])).subarray(0, KEY_ID_BYTES);
}

/** The witness' vkey: as a log's, with the type of a cosignature. */
export function formatWitnessKey(key: NoteKey): string {
  const id = Buffer.from(witnessKeyId(key)).toString('hex');
  return `${key.name}+${id}+${Buffer.concat([COSIGNATURE, key.public_key]).toString('base64')}`;
}

/** Null when the parts of the line do not belong together. */
export function parseWitnessKey(line: string): NoteKey | null {
  const [name = '', , encoded = ''] = line.split(/\+(.{8})\+/u, 3);
  const typed = Buffer.from(encoded, 'base64');
  if (typed.length !== 1 + PUBLIC_KEY_BYTES || !/^[^\s+]+$/u.test(name)) return null;
  const key = { name, public_key: Uint8Array.from(typed.subarray(1)) };
  return formatWitnessKey(key) === line ? key : null;
}

/** The signature line that a witness answers with, its newline included. */
export function cosign(text: string, time_s: bigint, signer: NoteSigner): string {
  const stamped = Buffer.concat([timeBytes(time_s), signer.sign(messageOf(text, time_s))]);
  return signatureLine(signer, stamped, witnessKeyId(signer));
}

/** The cosignatures on a note by witnesses that the caller knows; what is by others or does not verify is none. */
export function readCosignatures(note: string, witnesses: readonly NoteKey[]): Cosignature[] {
  const parsed = parseCheckpoint(note);
  if (!parsed.ok) return [];
  return parsed.signatures.flatMap((signature) => readOne(parsed.text, signature, witnesses) ?? []);
}

function timeBytes(time_s: bigint): Uint8Array {
  const bytes = Buffer.alloc(TIME_BYTES);
  bytes.writeBigUInt64BE(time_s);
  return bytes;
}

function messageOf(text: string, time_s: bigint): Uint8Array {
  return encodeUtf8(`cosignature/v1\ntime ${time_s}\n${text}`);
}

function readOne(
  text: string,
  { name, key_id, signature }: NoteSignature,
  witnesses: readonly NoteKey[],
): Cosignature | null {
  const key = witnesses.find((known) => known.name === name && sameBytes(witnessKeyId(known), key_id));
  if (key === undefined || signature.length !== TIME_BYTES + SIGNATURE_BYTES) return null;
  const bytes = Buffer.from(signature);
  const time_s = bytes.readBigUInt64BE(0);
  const message = messageOf(text, time_s);
  return verifyEd25519(bytes.subarray(TIME_BYTES), message, key.public_key) ? { witness: name, time_s } : null;
}
