/** What a superuser makes of the leaves past the triggers, which have to be off. */

const CHANGED = 'public.changed_leaves';

/** Statements. `changes` are made of the whole of the leaves, one a row: what they change is written to their table. */
export function changeLeaves(...changes: ((table: string) => string)[]): string[] {
  return [
    `CREATE TABLE ${CHANGED} AS SELECT * FROM ledger.leaves`,
    ...changes.map((change) => change(CHANGED)),
    'DELETE FROM ledger.sealed_leaves',
    packLeaves(CHANGED),
    `DROP TABLE ${CHANGED}`,
  ];
}

/** Writes what a query or table has of `leaf_index`, `entry_id` and `hash` as the sealer does. */
export function packLeaves(from: string): string {
  return `INSERT INTO ledger.sealed_leaves (first_leaf, up_to_id, entry_ids, hashes)
    SELECT min(l.leaf_index), max(max(l.entry_id)) OVER (ORDER BY l.leaf_index / 64),
           array_agg(l.entry_id ORDER BY l.leaf_index), string_agg(l.hash, '' ORDER BY l.leaf_index)
      FROM ${from} l GROUP BY l.leaf_index / 64`;
}
