/** Reports how many jobs have not ended, by state, what waits for each pool and who is there to take it, and remembers which tenants have as many waiting as they may. */
import type { SchedulerContext } from '../scheduler-context.ts';
import { countByState, loadOfPools } from '../store-jobs.ts';
import { readPoolNames } from '../store-pools.ts';

const STATES = ['parked', 'held', 'cleared', 'dispatched', 'running'];

export async function countWaiting({ database, metrics, known, config }: SchedulerContext): Promise<void> {
  // One transaction: a system with nothing to do commits once for it, not three times.
  const { rows, loads } = await database.transaction(async (tx) => ({
    rows: await countByState(tx),
    loads: await loadOfPools(tx, await readPoolNames(tx)),
  }));
  const sumOf = (of: (row: (typeof rows)[number]) => string | null) => {
    const sums = new Map<string | null, number>();
    for (const row of rows) sums.set(of(row), (sums.get(of(row)) ?? 0) + row.jobs);
    return sums;
  };
  const byState = sumOf(({ state }) => state);
  for (const state of STATES) metrics.set('jobs_waiting', { state }, byState.get(state) ?? 0);
  // Of every pool that a policy has: one that has become empty says so.
  for (const { pool, jobs, oldest, unclaimed, workers } of loads) {
    metrics.set('pool_waiting_jobs', { pool }, jobs);
    metrics.set('pool_oldest_waiting_seconds', { pool }, oldest);
    metrics.set('pool_unclaimed_seconds', { pool }, unclaimed);
    metrics.set('pool_workers_alive', { pool }, workers);
  }
  known.crowded.clear();
  for (const [tenant, jobs] of sumOf(({ tenant }) => tenant))
    if (tenant !== null && jobs >= config.TENANT_WAITING) known.crowded.add(tenant);
}
