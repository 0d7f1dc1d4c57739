/**
 * A signed statement of the log's size and root: the C2SP tlog-checkpoint inside a C2SP signed-note. Signing is done by
 * a function that is passed in; parsing never trusts, and only verifyCheckpoint says that a log stands behind a text.
 */
import { EVIDENCE_BOUNDS } from '@countersign/contracts/evidence-limits';
import { HASH_BYTES, sameBytes } from './chain-hash.ts';
import { encodeUtf8, sha256 } from './digest.ts';
import type { TreeHead } from './merkle.ts';
import { PUBLIC_KEY_BYTES, verifyEd25519 } from './verify-ed25519.ts';

/** `origin` names the log; it is also the name of the key that signs for it. */
export type Checkpoint = TreeHead & { readonly origin: string };
export type NoteKey = { readonly name: string; readonly public_key: Uint8Array };
export type NoteSigner = NoteKey & { readonly sign: (message: Uint8Array) => Uint8Array };
export type NoteSignature = { readonly name: string; readonly key_id: Uint8Array; readonly signature: Uint8Array };

export type CheckpointFault = 'checkpoint_malformed' | 'checkpoint_unknown_key' | 'checkpoint_bad_signature';
type Refusal = { readonly ok: false; readonly code: CheckpointFault; readonly detail: string };

export type ParsedCheckpoint =
  | {
      readonly ok: true;
      readonly checkpoint: Checkpoint;
      readonly text: string;
      readonly signatures: readonly NoteSignature[];
    }
  | Refusal;
export type CheckpointVerdict = { readonly ok: true; readonly checkpoint: Checkpoint } | Refusal;

const ED25519 = Uint8Array.of(1);
// the signature type of signed-note
const KEY_ID_BYTES = 4;
const SIGNATURE_LINE = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/=]+)$/u;
const KEY_NAME = /^[^\s+]+$/u;
const DECIMAL = /^(?:0|[1-9]\d{0,18})$/;

/** The first four bytes of sha256(name ‖ 0x0A ‖ 0x01 ‖ public key) (signed-note, Ed25519). */
export function noteKeyId(key: NoteKey): Uint8Array {
  const hashed = Buffer.concat([encodeUtf8(`${key.name}\n`), ED25519, key.public_key]);
  return sha256(hashed).subarray(0, KEY_ID_BYTES);
}

/** `name+<key id hex>+<base64 of 0x01 ‖ key>`: a key as operators and witnesses pass it on (signed-note vkey). */
export function formatVerifierKey(key: NoteKey): string {
  const id = Buffer.from(noteKeyId(key)).toString('hex');
  return `${key.name}+${id}+${toBase64(Buffer.concat([ED25519, key.public_key]))}`;
}

/** The key in a vkey line, or null when its parts do not belong together. */
export function parseVerifierKey(line: string): NoteKey | null {
  const [name = '', , encoded = ''] = line.split(/\+(.{8})\+/u, 3);
  const typed = fromBase64(encoded);
  if (typed?.length !== 1 + PUBLIC_KEY_BYTES || typed[0] !== ED25519[0] || !KEY_NAME.test(name)) return null;
  const key = { name, public_key: Uint8Array.from(typed.subarray(1)) };
  return formatVerifierKey(key) === line ? key : null;
}

/** The text that is signed: origin, size, root, each on its line (tlog-checkpoint). */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  return `${checkpoint.origin}\n${checkpoint.size}\n${toBase64(checkpoint.root)}\n`;
}

/**
 * The signed note, in the name of the first signer's log. Several signers while a key is changed: whoever knows one of
 * them is satisfied. Throws when a signer could not be verified afterwards.
 */
export function signCheckpoint(head: TreeHead, ...signers: readonly [NoteSigner, ...NoteSigner[]]): string {
  const text = formatCheckpoint({ origin: signers[0].name, size: head.size, root: head.root });
  const note = `${text}\n${signers.map((signer) => signatureLine(signer, signer.sign(encodeUtf8(text)))).join('')}`;
  for (const signer of signers) {
    const verdict = verifyCheckpoint(note, [signer]);
    if (!verdict.ok) throw new Error(`the signer made ${verdict.code}: ${verdict.detail}`);
  }
  return note;
}

/** One line of a note's signatures, its newline included. */
export function signatureLine(key: NoteKey, signature: Uint8Array, key_id = noteKeyId(key)): string {
  return `\u2014 ${key.name} ${toBase64(Buffer.concat([key_id, signature]))}\n`;
}

/** A parsed note, not yet verified. Lines after the root are extensions: covered by the signature, not read. */
export function parseCheckpoint(note: string): ParsedCheckpoint {
  const read = readNote(note);
  if (read === null) return malformed('this is no signed note');
  const { text, signatures } = read;
  const [origin = '', size = '', root = '', ...extensions] = text.slice(0, -1).split('\n');
  const hash = fromBase64(root);
  if (origin === '' || !DECIMAL.test(size) || hash?.length !== HASH_BYTES || extensions.includes('')) {
    return malformed('the text is not origin, size and root');
  }
  return { ok: true, checkpoint: { origin, size: BigInt(size), root: hash }, text, signatures };
}

/** A signed-note, nothing of it verified: its text with the last newline, and its signatures. Null for what is none. */
export function readNote(note: string): { text: string; signatures: readonly NoteSignature[] } | null {
  // No control character is allowed but the newline, and a lone surrogate has no bytes to verify.
  if (note.length > EVIDENCE_BOUNDS.checkpoint_bytes || /[^\P{Cc}\n]/u.test(note) || !note.isWellFormed()) return null;
  const gap = note.lastIndexOf('\n\n');
  if (gap < 0 || !note.endsWith('\n')) return null;
  const signatures = parseSignatures(note.slice(gap + 2, -1).split('\n'));
  return signatures === null ? null : { text: note.slice(0, gap + 1), signatures };
}

/**
 * Verifies a note against the keys that the caller holds: at least one of them signed in the name of the origin, and
 * none of them signed wrongly. Signatures by other keys are ignored, as signed-note asks.
 */
export function verifyCheckpoint(note: string, keys: readonly NoteKey[]): CheckpointVerdict {
  const parsed = parseCheckpoint(note);
  if (!parsed.ok) return parsed;
  const message = encodeUtf8(parsed.text);
  let isSignedByOrigin = false;
  for (const { name, key_id, signature } of parsed.signatures) {
    const key = keys.find((known) => known.name === name && sameBytes(noteKeyId(known), key_id));
    if (key === undefined) continue;
    if (!verifyEd25519(signature, message, key.public_key)) {
      return { ok: false, code: 'checkpoint_bad_signature', detail: `the signature of ${name} is wrong` };
    }
    isSignedByOrigin ||= name === parsed.checkpoint.origin;
  }
  if (isSignedByOrigin) return { ok: true, checkpoint: parsed.checkpoint };
  return { ok: false, code: 'checkpoint_unknown_key', detail: 'no known key signed in the name of the origin' };
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** Strict: one text for one value, so a note can't be varied without breaking it (RFC 4648 section 3.5). */
function fromBase64(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}

function malformed(detail: string): Refusal {
  return { ok: false, code: 'checkpoint_malformed', detail };
}

function parseSignatures(lines: readonly string[]): NoteSignature[] | null {
  if (lines.length > EVIDENCE_BOUNDS.checkpoint_signatures) return null;
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const [, name, encoded] = SIGNATURE_LINE.exec(line) ?? [];
    const bytes = fromBase64(encoded ?? '');
    if (name === undefined || bytes === null || bytes.length <= KEY_ID_BYTES) return null;
    signatures.push({ name, key_id: bytes.subarray(0, KEY_ID_BYTES), signature: bytes.subarray(KEY_ID_BYTES) });
  }
  return signatures;
}
