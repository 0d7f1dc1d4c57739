/** Reports how many jobs have not ended, by state. */
import type { SchedulerContext } from '../scheduler-context.ts';
import { countByState } from '../store-jobs.ts';

export async function countWaiting({ database, metrics }: SchedulerContext): Promise<void> {
  const counts = new Map((await countByState(database)).map((row) => [row.state, row.jobs]));
  for (const state of ['parked', 'held', 'cleared', 'dispatched', 'running'])
    metrics.set('jobs_waiting', { state }, counts.get(state) ?? 0);
}
