/**
 * Remembers when workers claimed something last, for the review of rights. It is written now and then, so that no claim costs
 * more for it; what an instance had noted when it died is lost, and a worker then counts as used a minute earlier.
 */
import type { RpcAnswer } from '@countersign/contracts/rpc';
import type { Tx } from '@countersign/platform/database';

type Worker = { pool: string; worker: string };

export type WorkerUses = {
  note(worker: Worker): void;
  /** Writes what was noted since the last time. */
  keep(database: Tx): Promise<void>;
};

export function openWorkerUses(): WorkerUses {
  let noted = new Map<string, Worker>();
  return {
    note: ({ pool, worker }) => void noted.set(`${pool}/${worker}`, { pool, worker }),
    async keep(database) {
      const now = [...noted.values()].sort((a, b) => (`${a.pool}/${a.worker}` < `${b.pool}/${b.worker}` ? -1 : 1));
      if (now.length === 0) return;
      noted = new Map();
      await database.query(
        `INSERT INTO scheduler.worker_uses AS u (pool, worker) SELECT * FROM unnest($1::text[], $2::text[])
         ON CONFLICT (pool, worker) DO UPDATE SET last_used_at = clock_timestamp()`,
        [now.map(({ pool }) => pool), now.map(({ worker }) => worker)],
      );
    },
  };
}

/** Of all workers that ever claimed something; their number is that of registered ones. */
export async function listWorkerUses(database: Tx): Promise<RpcAnswer<'scheduler.worker_uses'>> {
  const rows = await database.query<Worker & { last_used_at: string }>(
    'SELECT pool, worker, last_used_at FROM scheduler.worker_uses ORDER BY pool, worker',
  );
  const [kept, ...uses] = rows;
  return { kept_since: kept!.last_used_at, uses };
}
