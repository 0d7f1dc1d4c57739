/**
 * All SQL of the audit service: the window to seal and publish, chains, replays. It reads evidence and moves the cursor
 * through functions; nothing here can write an entry.
 */
import { chainOfJob } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import type { ChainEntry } from '@countersign/ledger/chain-entry';
import type { Tx } from '@countersign/platform/database';
import { routinesOf } from '@countersign/platform/routines';
import type { Functions } from './tables.ts';

const routines = routinesOf<Functions>();

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
export const ENTRY_COLUMNS = `e.chain, e.seq, e.kind, e.recorded_by, e.tenant, e.topic, e.time_us, e.body,
  encode(e.prev_hash, 'hex') AS prev_hash, encode(e.hash, 'hex') AS hash, l.leaf_index`;

/** Which entry `e` a leaf `l` is of: the second of a row has an id of its own and no index entry. */
export const OF_LEAF = 'e.row_id IN (l.entry_id, l.entry_id - 1) AND e.id = l.entry_id';

export type Window = {
  /** False: another publisher is at work, and nothing was done. */
  mine: boolean;
  /** The lease was another's before. */
  fresh: boolean;
  sealed: number;
  next_leaf: number;
  unpublished: number;
  /** From `next_leaf` on, in leaf order. */
  entries: StoredEntry[];
};

type WindowRow = Omit<Window, 'entries'> & StoredEntry;

/** The key of `ledger.wake_publisher`. */
const SLEEP_LOCK = 1279607883;

export type JobKey = { tenant: string; job_id: string };
/** From the first entry on, `chain_entries` at most; `whole` says whether that was all. */
export type JobChain = { entries: readonly StoredEntry[]; whole: boolean };

/** Seals, moves the cursor to `acked` and reads on. `acked`: the stream holds all leaves below; null when unknown. */
export async function nextWindow(database: Tx, me: string, acked: number | null): Promise<Window> {
  const given = [me, acked, LIMITS.seal_leaves, LIMITS.publish_window] as const;
  const rows = (await routines.rows(database, 'ledger.next_window', ...given)) as WindowRow[];
  const { mine, fresh, sealed, next_leaf, unpublished } = rows[0]!;
  return {
    mine,
    fresh,
    sealed,
    next_leaf,
    unpublished,
    entries: rows.filter((row) => row.leaf_index !== null).map(entryOf),
  };
}

/** Sets the cursor to what the stream was found to hold. False while another publisher is at work. */
export async function publishFrom(database: Tx, me: string, next: number): Promise<boolean> {
  return (await routines.answer(database, 'ledger.publish_from', me, next)) === true;
}

/** True once whoever appends notifies this session. False while an append is under way, or while another session sleeps. */
export async function trySleep(session: Tx): Promise<boolean> {
  const [row] = await session.query<{ held: boolean }>('SELECT pg_try_advisory_lock($1, 0) AS held', [SLEEP_LOCK]);
  return row!.held;
}

export async function endSleep(session: Tx): Promise<void> {
  await session.query('SELECT pg_advisory_unlock($1, 0)', [SLEEP_LOCK]);
}

export async function readJobChain(database: Tx, job: JobKey): Promise<JobChain> {
  const rows = await database.query<StoredEntry>(
    `SELECT ${ENTRY_COLUMNS} FROM ledger.entries e CROSS JOIN LATERAL ledger.leaf_of(e.id) AS l (leaf_index)
     WHERE e.chain = $1 ORDER BY e.seq LIMIT $2`,
    [chainOfJob(job.tenant, job.job_id), LIMITS.chain_entries + 1],
  );
  return { entries: rows.slice(0, LIMITS.chain_entries), whole: rows.length <= LIMITS.chain_entries };
}

export function chainEntryOf(entry: StoredEntry): ChainEntry {
  return {
    ...entry,
    seq: BigInt(entry.seq),
    time_us: BigInt(entry.time_us),
    prev_hash: Buffer.from(entry.prev_hash, 'hex'),
    hash: Buffer.from(entry.hash, 'hex'),
  };
}

function entryOf({ mine: _, fresh: _f, sealed: _s, next_leaf: _n, unpublished: _u, ...entry }: WindowRow): StoredEntry {
  return entry;
}
