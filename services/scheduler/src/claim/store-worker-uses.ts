/**
 * Remembers when workers claimed something last, for the review of rights, and when they were heard of last, for who asks which
 * pools have workers. Both are written now and then, so that no claim and no beat costs more for it; what an instance had noted
 * when it died is lost, and a worker then counts as used a minute earlier.
 */
import type { RpcAnswer } from '@countersign/contracts/rpc';
import type { Tx } from '@countersign/platform/database';
import { readActivePools } from '../store-pools.ts';

type Worker = { pool: string; worker: string };

export type WorkerUses = {
  /** It claimed something. */
  note(worker: Worker): void;
  /** It said something, under its own name. */
  see(worker: Worker): void;
  /** Each writes what was noted since the last time. */
  keep(database: Tx): Promise<void>;
  keepSeen(database: Tx): Promise<void>;
};

const KEEP = `
INSERT INTO scheduler.worker_uses AS u (pool, worker) SELECT * FROM unnest($1::text[], $2::text[])
    ON CONFLICT (pool, worker) DO UPDATE SET last_used_at = clock_timestamp()`;
const KEEP_SEEN = `
INSERT INTO scheduler.worker_sightings AS s (pool, worker) SELECT * FROM unnest($1::text[], $2::text[])
    ON CONFLICT (pool, worker) DO UPDATE SET seen_at = clock_timestamp()`;

export function openWorkerUses(): WorkerUses {
  const [used, seen] = [openNotes(), openNotes()];
  return {
    note: used.add,
    see: seen.add,
    keep: (database) => write(database, KEEP, used.take()),
    keepSeen: (database) => write(database, KEEP_SEEN, seen.take()),
  };
}

/** Of all workers that were ever heard of; their number is that of registered ones. */
export async function listWorkerUses(database: Tx): Promise<RpcAnswer<'scheduler.worker_uses'>> {
  const [rows, seen, pools] = await Promise.all([
    database.query<Worker & { last_used_at: string }>(
      'SELECT pool, worker, last_used_at FROM scheduler.worker_uses ORDER BY pool, worker',
    ),
    database.query<Worker & { seen_at: string }>(
      'SELECT pool, worker, seen_at FROM scheduler.worker_sightings ORDER BY pool, worker',
    ),
    readActivePools(database),
  ]);
  const [kept, ...uses] = rows;
  return { kept_since: kept!.last_used_at, uses, seen, pools };
}

function openNotes() {
  let noted = new Map<string, Worker>();
  return {
    add: ({ pool, worker }: Worker): void => void noted.set(`${pool}/${worker}`, { pool, worker }),
    /** In one order, so that two instances never wait for each other. */
    take: (): Worker[] => {
      const taken = [...noted].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, worker]) => worker);
      noted = new Map();
      return taken;
    },
  };
}

async function write(database: Tx, statement: string, workers: readonly Worker[]): Promise<void> {
  if (workers.length === 0) return;
  await database.query(statement, [workers.map(({ pool }) => pool), workers.map(({ worker }) => worker)]);
}
