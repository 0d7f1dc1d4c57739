/** Erases a batch of content: taken off the scheduler's list, erased, recorded and counted alike by every service that has some. */
import { LIMITS } from '@countersign/contracts/limits';
import { type Content, type Erased, erasedEntries } from '@countersign/contracts/retention';
import type { Database, Tx } from './database.ts';
import { append } from './ledger-append.ts';
import type { Metrics } from './metrics.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const TAKE = 'SELECT * FROM scheduler.take_erasable($1::text[], $2, $3)';

export type ErasingParts = { database: Database; metrics: Metrics };
/** `entry`: the kind of entry. `statements`: each takes `$1` tenants and `$2` job ids, in pairs. */
export type Eraser = { entry: string; statements: Readonly<Partial<Record<Content, string>>> };

/** One transaction; no hold is set meanwhile. True while there is more. */
export async function eraseBatch({ database, metrics }: ErasingParts, { entry, statements }: Eraser): Promise<boolean> {
  const erased = await database.transaction(async (tx) => {
    const given = [Object.keys(statements), LIMITS.keep_days * DAY_MS, LIMITS.erase_rows];
    const taken = await tx.query<Erased>(TAKE, given);
    for (const [content, statement] of Object.entries(statements)) await erase(tx, statement, taken, content);
    await append(tx, erasedEntries(entry, taken));
    return taken;
  });
  if (erased.length > 0) metrics.count('content_sweeps_total');
  for (const { content, erasure_id } of erased)
    metrics.count('content_erased_total', { content, why: erasure_id === null ? 'retention' : 'request' });
  return erased.length === LIMITS.erase_rows;
}

async function erase(tx: Tx, statement: string, taken: readonly Erased[], content: string): Promise<void> {
  const jobs = taken.filter((row) => row.content === content);
  if (jobs.length === 0) return;
  await tx.query(statement, [jobs.map(({ tenant }) => tenant), jobs.map(({ job_id }) => job_id)]);
}
