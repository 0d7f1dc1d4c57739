/**
 * Hands out the tree as tiles and proofs, of a size that a checkpoint was signed for. A proof is checked against the
 * signed root before it leaves: a database that was changed by hand is an error here, and never a wrong proof.
 */
import { CountersignError } from '@countersign/contracts/errors';
import { HASH_BYTES } from '@countersign/ledger/chain-hash';
import {
  leafHash,
  proveConsistency,
  proveInclusion,
  type TreeHead,
  verifyConsistency,
  verifyInclusion,
} from '@countersign/ledger/merkle';
import {
  entryBundle,
  parseTilePath,
  readThroughTiles,
  TILE_WIDTH,
  type TileId,
  type TileReader,
  tileWidth,
} from '@countersign/ledger/tiles';
import type { Tx } from '@countersign/platform/database';
import { type KeptCheckpoint, readCheckpoint, readLeafHashes, readNodes } from './store-tree.ts';

type InclusionProof = { leaf_index: number; tree_size: number; hashes: Uint8Array[] };

/** The leaves are not those over which the log signed. */
export class BrokenTree extends Error {
  override readonly name = 'BrokenTree';
  constructor() {
    super('the leaves in Postgres are not those that were signed');
  }
}

/** The bytes of a tile of the last signed tree. Throws `not_found`: no tile's name, or beyond that tree. */
export async function readTile(database: Tx, path: string): Promise<Uint8Array> {
  const tile = parseTilePath(path);
  const last = tile === null ? null : await readCheckpoint(database);
  if (tile === null || last === null || tile.width > tileWidth(BigInt(last.tree_size), tile.level, tile.index)) {
    throw new CountersignError('not_found');
  }
  return tile.entries ? entryBundle(await leavesOf(database, tile)) : tileReader(database)(tile);
}

export function tileReader(database: Tx): TileReader {
  return async (tile) => {
    const hashes = tile.level === 0 ? (await leavesOf(database, tile)).map(leafHash) : await readNodes(database, tile);
    if (hashes.length !== tile.width || hashes.some(({ length }) => length !== HASH_BYTES)) throw new BrokenTree();
    return Buffer.concat(hashes);
  };
}

/** `leaf`: the entry's hash. */
export async function proveLeaf(
  database: Tx,
  leaf: Uint8Array,
  leaf_index: number,
  { tree_size, root_hash }: KeptCheckpoint,
): Promise<InclusionProof> {
  const [index, size] = [BigInt(leaf_index), BigInt(tree_size)];
  const hashes = await proveInclusion(index, size, readThroughTiles(size, tileReader(database)));
  if (!verifyInclusion(leafHash(leaf), index, size, hashes, root_hash)) throw new BrokenTree();
  return { leaf_index, tree_size, hashes };
}

export async function proveGrowth(database: Tx, older: TreeHead, newer: TreeHead): Promise<Uint8Array[]> {
  const proof = await proveConsistency(older.size, newer.size, readThroughTiles(newer.size, tileReader(database)));
  if (!verifyConsistency(older, newer, proof)) throw new BrokenTree();
  return proof;
}

export function headOf({ tree_size, root_hash }: KeptCheckpoint): TreeHead {
  return {
    size: BigInt(tree_size),
    root: root_hash,
  };
}

function leavesOf(database: Tx, { index, width }: TileId): Promise<Buffer[]> {
  return readLeafHashes(database, Number(index) * TILE_WIDTH, width);
}
