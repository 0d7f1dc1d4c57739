/**
 * Of which pools all workers that are alive read warrants that were signed together: each says so when it starts. It may be
 * some seconds old; a worker that comes in between and refuses such a warrant is sent none of that job again (plan.ts).
 */
import { LIMITS } from '@countersign/contracts/limits';
import type { Tx } from '@countersign/platform/database';

export type KnownReaders = {
  /** False for a pool without workers. */
  all(pool: string): boolean;
  /** What it said in its hello. */
  note(database: Tx, worker: { pool: string; worker: string }, together: boolean): Promise<void>;
  learn(database: Tx): Promise<void>;
};

const NOTE = `
INSERT INTO scheduler.worker_sightings AS s (pool, worker, reads_together) VALUES ($1, $2, $3)
    ON CONFLICT (pool, worker) DO UPDATE SET seen_at = clock_timestamp(), reads_together = excluded.reads_together`;
const POOLS = `
SELECT pool FROM scheduler.worker_sightings
 WHERE seen_at > clock_timestamp() - ${LIMITS.worker_alive_ms} * interval '1 millisecond'
 GROUP BY pool HAVING bool_and(reads_together)`;

export function openKnownReaders(): KnownReaders {
  let pools = new Set<string>();
  const learn = async (database: Tx): Promise<void> => {
    pools = new Set((await database.query<{ pool: string }>(POOLS)).map(({ pool }) => pool));
  };
  return {
    all: (pool) => pools.has(pool),
    async note(database, { pool, worker }, together) {
      await database.query(NOTE, [pool, worker, together]);
      await learn(database);
    },
    learn,
  };
}
