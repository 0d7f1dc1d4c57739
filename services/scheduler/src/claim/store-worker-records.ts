/**
 * Keeps the newest record that a worker works by. Whoever may write the worker's files can put an older one back; what the plane
 * has heard of stands here.
 */
import type { WorkerRecord } from '@countersign/contracts/worker';
import type { Database } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';

type Worker = { pool: string; worker: string };

const RAISE = `
INSERT INTO scheduler.worker_records AS r (pool, worker, version, digest) VALUES ($1, $2, $3, $4)
    ON CONFLICT (pool, worker) DO UPDATE SET version = excluded.version, digest = excluded.digest WHERE r.version < excluded.version
    RETURNING version`;
const SAME = 'SELECT 1 FROM scheduler.worker_records WHERE pool = $1 AND worker = $2 AND version = $3 AND digest = $4';

/** False for a record that is older than one that was taken, or another one under its version. */
export function takeRecord(database: Database, who: Worker, { version, digest }: WorkerRecord): Promise<boolean> {
  const values = [who.pool, who.worker, version, digest];
  return database.transaction(async (tx) => {
    const raised = await tx.query(RAISE, values);
    if (raised.length === 0) return (await tx.query(SAME, values)).length > 0;
    const body = { ...who, version, digest };
    const chain = `identity:${who.worker}`;
    await append(tx, [{ chain, kind: 'worker_record_taken', tenant: null, topic: null, body }]);
    return true;
  });
}
