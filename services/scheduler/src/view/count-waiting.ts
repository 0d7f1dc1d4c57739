/** Reports how many jobs have not ended, by state, and remembers which tenants have as many waiting as they may. */
import type { SchedulerContext } from '../scheduler-context.ts';
import { countByState } from '../store-jobs.ts';

const STATES = ['parked', 'held', 'cleared', 'dispatched', 'running'];

export async function countWaiting({ database, metrics, known, config }: SchedulerContext): Promise<void> {
  const rows = await countByState(database);
  const sumOf = (of: (row: (typeof rows)[number]) => string | null) => {
    const sums = new Map<string | null, number>();
    for (const row of rows) sums.set(of(row), (sums.get(of(row)) ?? 0) + row.jobs);
    return sums;
  };
  const byState = sumOf(({ state }) => state);
  for (const state of STATES) metrics.set('jobs_waiting', { state }, byState.get(state) ?? 0);
  known.crowded.clear();
  for (const [tenant, jobs] of sumOf(({ tenant }) => tenant))
    if (tenant !== null && jobs >= config.TENANT_WAITING) known.crowded.add(tenant);
}
