// All SQL of the audit service: sealing, the publishing cursor, chains. It reads evidence and moves cursors through
// their functions; nothing here can write an entry.
import { chainOfJob } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import type { ChainEntry } from '@countersign/ledger/chain-hash';
import type { Tx } from '@countersign/platform/database';

export type StoredEntry = {
  chain: string;
  seq: number;
  kind: string;
  recorded_by: string;
  tenant: string | null;
  topic: string | null;
  time_us: number;
  body: string;
  /** Hashes are 64 hex digits. */
  prev_hash: string;
  hash: string;
  leaf_index: number | null;
};

// Hashes as hex from here on: as buffers each would be made three times over on its way to the stream.
const COLUMNS = `e.chain, e.seq, e.kind, e.recorded_by, e.tenant, e.topic, e.time_us, e.body,
  encode(e.prev_hash, 'hex') AS prev_hash, encode(e.hash, 'hex') AS hash, l.leaf_index`;

export type Sealed = { sealed: number; unpublished: number };

export async function seal(database: Tx, maxLeaves: number): Promise<Sealed> {
  const [row] = await database.query<Sealed>('SELECT sealed, unpublished FROM ledger.seal($1)', [maxLeaves]);
  return row!;
}

/** Holds off other publishers until the transaction ends. Null when one is at work; else the first leaf to publish. */
export async function startPublishing(tx: Tx): Promise<number | null> {
  const [row] = await tx.query<{ next_leaf: number | null }>('SELECT ledger.start_publishing() AS next_leaf');
  return row!.next_leaf;
}

export async function finishPublishing(tx: Tx, nextLeaf: number): Promise<void> {
  await tx.query('SELECT ledger.finish_publishing($1)', [nextLeaf]);
}

/** In leaf order, `leaf_index` never null. */
export async function readLeaves(tx: Tx, firstLeaf: number, limit: number): Promise<StoredEntry[]> {
  return tx.query<StoredEntry>(
    `SELECT ${COLUMNS} FROM ledger.leaves l JOIN ledger.entries e ON e.id = l.entry_id
     WHERE l.leaf_index >= $1 ORDER BY l.leaf_index LIMIT $2`,
    [firstLeaf, limit],
  );
}

export type JobKey = { tenant: string; job_id: string };
/** From the first entry on, `chain_entries` at most; `whole` says whether that was all. */
export type JobChain = { entries: readonly StoredEntry[]; whole: boolean };

export async function readJobChain(database: Tx, job: JobKey): Promise<JobChain> {
  const rows = await database.query<StoredEntry>(
    `SELECT ${COLUMNS} FROM ledger.entries e LEFT JOIN ledger.leaves l ON l.entry_id = e.id
     WHERE e.chain = $1 ORDER BY e.seq LIMIT $2`,
    [chainOfJob(job.tenant, job.job_id), LIMITS.chain_entries + 1],
  );
  return { entries: rows.slice(0, LIMITS.chain_entries), whole: rows.length <= LIMITS.chain_entries };
}

export const chainEntryOf = (entry: StoredEntry): ChainEntry => ({
  ...entry,
  seq: BigInt(entry.seq),
  time_us: BigInt(entry.time_us),
  prev_hash: Buffer.from(entry.prev_hash, 'hex'),
  hash: Buffer.from(entry.hash, 'hex'),
});
