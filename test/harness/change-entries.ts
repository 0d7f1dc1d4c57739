/** What a superuser makes of the entries past the triggers, which have to be off. */

const CHANGED = 'public.changed_entries';
const COLUMNS = 'id, xid, chain, seq, kind, recorded_by, tenant, topic, time_us, body, prev_hash, hash';

/** Statements. `changes` are made of all entries, one a row: what they change is written to the table as single ones. */
export function changeEntries(...changes: ((table: string) => string)[]): string[] {
  return [
    `CREATE TABLE ${CHANGED} AS SELECT ${COLUMNS} FROM ledger.entries`,
    ...changes.map((change) => change(CHANGED)),
    'DELETE FROM ledger.entry_rows',
    `INSERT INTO ledger.entry_rows (${COLUMNS}) OVERRIDING SYSTEM VALUE SELECT ${COLUMNS} FROM ${CHANGED}`,
    `DROP TABLE ${CHANGED}`,
  ];
}

/** The entry of a leaf. */
export function entryAt(leaf_index: number): string {
  return `id = (SELECT entry_id FROM ledger.leaves WHERE leaf_index = ${leaf_index})`;
}
