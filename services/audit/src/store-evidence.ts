/**
 * SQL of what auditors ask: the entries among some leaves, those of one chain, and where in the leaves a time stands.
 */
import { LIMITS } from '@countersign/contracts/limits';
import type { Tx } from '@countersign/platform/database';
import { ENTRY_COLUMNS, OF_LEAF, type StoredEntry } from './store.ts';

export type LeafQuery = {
  /** Null: every tenant's. Else its own, and those of no tenant. */
  tenant: string | null;
  from: number;
  /** Leaves from here on are not looked at. */
  before: number;
  limit: number;
  /** A regular expression. */
  topic: string | null;
  /** Any of them. */
  kinds: readonly string[] | null;
  /** Text that the body has to hold. */
  holds: string | null;
  since_us: number | null;
  until_us: number | null;
};

export const REPLAY = `
WITH looked AS MATERIALIZED (
  SELECT l.leaf_index, l.entry_id FROM ledger.leaves_from($1, least($2::bigint - $1::bigint, $3)) l
)
SELECT ${ENTRY_COLUMNS} FROM looked l JOIN ledger.entries e ON ${OF_LEAF}
 WHERE ($4::text IS NULL OR e.tenant = $4 OR e.tenant IS NULL) AND ($5::text IS NULL OR e.topic ~ $5)
   AND ($6::text[] IS NULL OR e.kind = ANY ($6)) AND ($7::text IS NULL OR position($7 IN e.body) > 0)
   AND ($8::bigint IS NULL OR e.time_us >= $8) AND ($9::bigint IS NULL OR e.time_us <= $9)
 ORDER BY l.leaf_index LIMIT $10`;

/** Among the `replay_leaves` leaves from `from` on. */
export function readLeaves(database: Tx, query: LeafQuery): Promise<StoredEntry[]> {
  const { tenant, from, before, limit, topic, kinds, holds, since_us, until_us } = query;
  const given = [from, before, LIMITS.replay_leaves, tenant, topic, kinds, holds, since_us, until_us, limit];
  return database.query<StoredEntry>(REPLAY, given);
}

/** Sealed entries of one chain from leaf `from` on. */
export function readChainLeaves(database: Tx, chain: string, from: number, limit: number): Promise<StoredEntry[]> {
  return database.query<StoredEntry>(
    `SELECT ${ENTRY_COLUMNS} FROM ledger.entries e CROSS JOIN LATERAL ledger.leaf_of(e.id) AS l (leaf_index)
      WHERE e.chain = $1 AND l.leaf_index >= $2 ORDER BY e.seq LIMIT $3`,
    [chain, from, limit],
  );
}

/** When the entry of a leaf was recorded, in microseconds since 1970. */
export async function readLeafTime(database: Tx, leaf_index: number): Promise<number> {
  const [row] = await database.query<{ time_us: number }>(
    `SELECT e.time_us FROM ledger.leaves_from($1, 1) l JOIN ledger.entries e ON ${OF_LEAF}`,
    [leaf_index],
  );
  return row!.time_us;
}
