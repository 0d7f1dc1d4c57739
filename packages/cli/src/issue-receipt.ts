/**
 * Issues a receipt for the end of a job, or of any chain as far as it is sealed. Nothing is signed that does not hold: the chain, the log's
 * signature over its root, and the way from the entry to that root are checked first, with the log's public key.
 */
import { createPublicKey, sign } from 'node:crypto';
import type { Client } from '@countersign/client/create-client';
import { followEntries } from '@countersign/client/follow-entries';
import type { ShownEntry } from '@countersign/contracts/ledger-entry';
import { verifyChain } from '@countersign/ledger/chain-hash';
import { type NoteKey, verifyCheckpoint } from '@countersign/ledger/checkpoint';
import { coseReceipt } from '@countersign/ledger/cose-receipt';
import { leafHash, type TreeHead, verifyInclusion } from '@countersign/ledger/merkle';
import { privateKeyIn } from './attest-record.ts';
import { CommandFailure, EXIT } from './exit-codes.ts';

/** `entry`: the data of the leaf, 64 hex digits, without which nobody can check the receipt. */
export type Issued = { receipt: Uint8Array; entry: string; kind: string; leaf_index: number; tree_size: string };
export type Issuer = { name: string; pem: string; log: readonly NoteKey[] };

/** Throws CommandFailure when there is nothing sealed yet, or what the server says does not hold. */
export async function issueReceipt(
  client: Pick<Client, 'entries' | 'inclusion'>,
  job_id: string,
  { name, pem, log }: Issuer,
): Promise<Issued> {
  const key = privateKeyIn(pem);
  const { hash, kind, chain, leaf_index } = await lastSealed(client, job_id);
  const { hashes, note } = await client.inclusion(leaf_index);
  const path = hashes.map(bytesOf);
  const head = headOf(note, log);
  if (!verifyInclusion(leafHash(bytesOf(hash)), BigInt(leaf_index), head.size, path, head.root))
    throw broken('inclusion_wrong', `leaf ${leaf_index} is not in the log of that checkpoint`);
  const key_id = Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x as string, 'base64url');
  const parts = { head, leaf_index: BigInt(leaf_index), path, issuer: name, subject: chain, key_id };
  const receipt = coseReceipt(parts, (message) => sign(null, message, key));
  return { receipt, entry: hash, kind, leaf_index, tree_size: String(head.size) };
}

async function lastSealed(
  client: Pick<Client, 'entries'>,
  job_id: string,
): Promise<ShownEntry & { leaf_index: number }> {
  const entries: ShownEntry[] = [];
  for await (const entry of followEntries(client, { query: { job_id } })) entries.push(entry);
  const last = entries.at(-1);
  if (last === undefined || last.leaf_index === null)
    throw new CommandFailure(EXIT.refused, `nothing of ${job_id} is sealed`, { code: 'not_found', detail: job_id });
  const verdict = verifyChain(entries);
  if (!verdict.ok) throw broken(verdict.reason, `the chain of ${job_id} does not hold`);
  return { ...last, leaf_index: last.leaf_index };
}

function headOf(note: string, log: readonly NoteKey[]): TreeHead {
  const verdict = verifyCheckpoint(note, log);
  if (verdict.ok) return verdict.checkpoint;
  throw broken(verdict.code, verdict.detail);
}

function broken(code: string, detail: string): CommandFailure {
  return new CommandFailure(EXIT.broken, detail, { code, detail });
}

function bytesOf(hex: string): Uint8Array {
  return Buffer.from(hex, 'hex');
}
