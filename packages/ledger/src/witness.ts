/**
 * What a witness answers to a checkpoint (C2SP tlog-witness, add-checkpoint): it cosigns only what continues the last size
 * that it cosigned for that log. Judged here without state or clock; whoever keeps the state keeps it before answering.
 */
import { LIMITS } from '@countersign/contracts/limits';
import { HASH_BYTES, sameBytes } from './chain-hash.ts';
import { type NoteKey, parseCheckpoint, verifyCheckpoint } from './checkpoint.ts';
import { type TreeHead, verifyConsistency } from './merkle.ts';

/** Hashes of a consistency proof: one for each level of a tree, and one. */
const MAX_PROOF = 64;

/** `cosign`: keep `head` as the last one of `origin`, then sign `text`. Else the HTTP status and body to answer. */
export type WitnessVerdict =
  | { readonly ok: true; readonly origin: string; readonly head: TreeHead; readonly text: string }
  | {
      readonly ok: false;
      readonly status: 400 | 403 | 404 | 409 | 422;
      readonly body: string;
      readonly is_size: boolean;
    };

/** The last head that was cosigned for a log; null before the first. */
export type LastHead = (origin: string) => TreeHead | null;

/** `logs`: whose checkpoints are cosigned at all. */
export function judgeCheckpoint(request: string, logs: readonly NoteKey[], lastOf: LastHead): WitnessVerdict {
  const asked = readRequest(request);
  if (asked === null) return refuse(400, 'the request is malformed');
  const { old, proof, note } = asked;
  const parsed = parseCheckpoint(note);
  if (!parsed.ok) return refuse(400, parsed.detail);
  const { origin, size, root } = parsed.checkpoint;
  const keys = logs.filter(({ name }) => name === origin);
  if (keys.length === 0) return refuse(404, 'no such log');
  if (!verifyCheckpoint(note, keys).ok) return refuse(403, 'no key of the log signed this');
  if (old > size) return refuse(400, 'the old size is larger than the checkpoint');
  const last = lastOf(origin);
  const known = last?.size ?? 0n;
  if (old !== known) return conflict(known);
  if (last !== null && size === known && !sameBytes(root, last.root)) return conflict(known);
  const isGrown = last === null || known === 0n || verifyConsistency(last, { size, root }, proof);
  if (!isGrown || ((last === null || known === 0n) && proof.length > 0)) return refuse(422, 'the proof does not hold');
  return { ok: true, origin, head: { size, root }, text: parsed.text };
}

/** The body of add-checkpoint: `old <size>`, the proof in base64 line by line, an empty line, the note. */
export function formatRequest(old: bigint, proof: readonly Uint8Array[], note: string): string {
  return `old ${old}\n${proof.map((hash) => `${Buffer.from(hash).toString('base64')}\n`).join('')}\n${note}`;
}

function readRequest(text: string): { old: bigint; proof: Uint8Array[]; note: string } | null {
  if (text.length > LIMITS.checkpoint_bytes + MAX_PROOF * 64) return null;
  const gap = text.indexOf('\n\n');
  const [first = '', ...lines] = text.slice(0, Math.max(gap, 0)).split('\n');
  const [, old] = /^old (0|[1-9]\d{0,18})$/.exec(first) ?? [];
  if (old === undefined || lines.length > MAX_PROOF) return null;
  const proof = lines.map((line) => Buffer.from(line, 'base64'));
  const isProof = proof.every((hash, i) => hash.length === HASH_BYTES && hash.toString('base64') === lines[i]);
  return isProof ? { old: BigInt(old), proof, note: text.slice(gap + 2) } : null;
}

function refuse(status: 400 | 403 | 404 | 422, body: string): WitnessVerdict {
  return {
    ...{ ok: false, status, is_size: false },
    body: `${body}\n`,
  };
}

/** With the size that the witness knows, so that an honest log can ask again from there. */
function conflict(known: bigint): WitnessVerdict {
  return { ok: false, status: 409, body: `${known}\n`, is_size: true };
}
