/** Answers with checkpoints and proofs as they go out: hashes as hex, the note with what witnesses said beneath it. */

import { CountersignError } from '@countersign/contracts/errors';
import type { CheckpointView, ConsistencyView, InclusionView } from '@countersign/contracts/evidence';
import type { RpcAnswer, RpcParsed } from '@countersign/contracts/rpc';
import type { Tx } from '@countersign/platform/database';
import { BrokenTree, headOf, proveGrowth, proveLeaf, readTile } from './read-tiles.ts';
import {
  type KeptCheckpoint,
  readCheckpoint,
  readCheckpointFrom,
  readCosignatureLines,
  readLeafHashes,
} from './store-tree.ts';

/** The last checkpoint, or the one of that size. Throws `not_found`. */
export async function showCheckpoint(
  database: Tx,
  { tree_size }: RpcParsed<'audit.checkpoint'>,
): Promise<CheckpointView> {
  const kept = found(await readCheckpoint(database, tree_size ?? undefined));
  return { tree_size: kept.tree_size, root_hash: hexOf(kept.root_hash), note: await noteOf(database, kept) };
}

/** In the tree of that size, else in the first signed one that has the leaf. Throws `not_found`. */
export async function showInclusion(
  database: Tx,
  { leaf_index, tree_size }: RpcParsed<'audit.inclusion'>,
): Promise<InclusionView> {
  const kept = found(
    tree_size === null ? await readCheckpointFrom(database, leaf_index + 1) : await readCheckpoint(database, tree_size),
  );
  if (leaf_index >= kept.tree_size) throw new CountersignError('not_found');
  const [leaf] = await readLeafHashes(database, leaf_index, 1);
  const { hashes } = await proveLeaf(database, leaf!, leaf_index, kept);
  return { leaf_index, tree_size: kept.tree_size, hashes: hashes.map(hexOf), note: await noteOf(database, kept) };
}

/** Both sizes were signed. Throws `not_found`. */
export async function showConsistency(
  database: Tx,
  { from, to }: RpcParsed<'audit.consistency'>,
): Promise<ConsistencyView> {
  const [older, newer] = await Promise.all([readCheckpoint(database, from), readCheckpoint(database, to)]);
  if (older === null || newer === null || from > to) throw new CountersignError('not_found');
  const hashes = await proveGrowth(database, headOf(older), headOf(newer));
  return { from, to, hashes: hashes.map(hexOf) };
}

export async function showTile(database: Tx, { path }: RpcParsed<'audit.tile'>): Promise<RpcAnswer<'audit.tile'>> {
  return { path, data: Buffer.from(await readTile(database, path)).toString('base64') };
}

/** The head of a chain in the log; null until a checkpoint covers it, and when the leaves are not those that were signed. */
export async function inclusionOf(database: Tx, leaf_index: number | null): Promise<InclusionView | null> {
  if (leaf_index === null || (await readCheckpointFrom(database, leaf_index + 1)) === null) return null;
  return showInclusion(database, { leaf_index, tree_size: null }).catch((thrown: unknown) => {
    if (thrown instanceof BrokenTree) return null;
    throw thrown;
  });
}

function found(kept: KeptCheckpoint | null): KeptCheckpoint {
  if (kept === null) throw new CountersignError('not_found');
  return kept;
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

async function noteOf(database: Tx, { tree_size, note }: KeptCheckpoint): Promise<string> {
  return note + (await readCosignatureLines(database, tree_size)).join('');
}
