/**
 * The SQL of the Merkle tree: leaves and roots of full tiles as they are read back, checkpoints and what witnesses said.
 */
import type { TreeNode } from '@countersign/ledger/merkle';
import { TILE_HEIGHT, TILE_WIDTH, type TileId } from '@countersign/ledger/tiles';
import type { Tx } from '@countersign/platform/database';
import { routinesOf } from '@countersign/platform/routines';
import type { Functions } from './tables.ts';

const routines = routinesOf<Functions>();

export type KeptCheckpoint = { tree_size: number; root_hash: Buffer; note: string };

const CHECKPOINT = 'c.tree_size, c.root_hash, c.note';

type NewCheckpoint = {
  from_size: number;
  tree_size: number;
  /** Entry hash of the last leaf. */
  last_leaf: Uint8Array;
  root: Uint8Array;
  note: string;
  nodes: readonly TreeNode[];
};

/** The last one, or the one of that size; null when there is none. */
export async function readCheckpoint(database: Tx, size?: number): Promise<KeptCheckpoint | null> {
  const [row] =
    size === undefined
      ? await database.query<KeptCheckpoint>(
          `SELECT ${CHECKPOINT} FROM ledger.checkpoints c ORDER BY c.tree_size DESC LIMIT 1`,
        )
      : await database.query<KeptCheckpoint>(`SELECT ${CHECKPOINT} FROM ledger.checkpoints c WHERE c.tree_size = $1`, [
          size,
        ]);
  return row ?? null;
}

/** The first checkpoint of at least that size. */
export async function readCheckpointFrom(database: Tx, size: number): Promise<KeptCheckpoint | null> {
  const [row] = await database.query<KeptCheckpoint>(
    `SELECT ${CHECKPOINT} FROM ledger.checkpoints c WHERE c.tree_size >= $1 ORDER BY c.tree_size LIMIT 1`,
    [size],
  );
  return row ?? null;
}

/** The lines of all witnesses, in the order of their names. */
export async function readCosignatureLines(database: Tx, size: number): Promise<string[]> {
  const rows = await database.query<{ line: string }>(
    'SELECT s.line FROM ledger.cosignatures s WHERE s.tree_size = $1 ORDER BY s.witness',
    [size],
  );
  return rows.map(({ line }) => line);
}

export async function keepCosignature(database: Tx, size: number, witness: string, line: string): Promise<void> {
  await database.query(
    'INSERT INTO ledger.cosignatures (tree_size, witness, line) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
    [size, witness, line],
  );
}

/** How many leaves there are. */
export async function countLeaves(database: Tx): Promise<number> {
  return (await routines.answer(database, 'ledger.leaf_count')) as number;
}

/** Entry hashes from leaf `from` on, in order, `limit` at most. */
export async function readLeafHashes(database: Tx, from: number, limit: number): Promise<Buffer[]> {
  const rows = await database.query<{ hash: Buffer }>(
    'SELECT l.hash FROM ledger.leaves_from($1, $2) l ORDER BY l.leaf_index',
    [from, limit],
  );
  return rows.map(({ hash }) => hash);
}

/** The hashes of a tile above the leaves. */
export async function readNodes(database: Tx, { level, index, width }: TileId): Promise<Buffer[]> {
  const first = Number(index) * TILE_WIDTH;
  const rows = await database.query<{ hash: Buffer }>(
    `SELECT n.hash FROM ledger.nodes n WHERE n.level = $1 AND n.node_index >= $2 AND n.node_index < $3
      ORDER BY n.node_index`,
    [TILE_HEIGHT * level, first, first + width],
  );
  return rows.map(({ hash }) => hash);
}

/** False when the log has gone on, or is not the one that was signed. */
export async function keepCheckpoint(database: Tx, made: NewCheckpoint): Promise<boolean> {
  const { from_size, tree_size, last_leaf, root, note, nodes } = made;
  const answer = await routines.answer(
    database,
    'ledger.keep_checkpoint',
    from_size,
    tree_size,
    Buffer.from(last_leaf),
    Buffer.from(root),
    note,
    nodes.map(({ level }) => level),
    nodes.map(({ index }) => Number(index)),
    nodes.map(({ hash }) => Buffer.from(hash)),
  );
  return answer === true;
}
