/** Sends warrants again that nobody claimed: the same dispatch id, so that a copy too many only loses its claim. */
import type { EffectiveJob } from '@countersign/contracts/decision';
import { LIMITS } from '@countersign/contracts/limits';
import type { SchedulerContext } from '../scheduler-context.ts';
import { publishAttempts } from './publish-attempts.ts';
import { takeUnclaimed } from './store-unclaimed.ts';

export async function republishAttempts(context: SchedulerContext): Promise<void> {
  const rows = await takeUnclaimed(context.database, LIMITS.batch_rows);
  if (rows.length === 0) return;
  const sent = rows.map(({ effective, salt, job_hash, traceparent, ...attempt }) => ({
    attempt,
    effective: JSON.parse(effective) as EffectiveJob,
    job: { salt, job_hash, traceparent },
  }));
  await publishAttempts(context, sent);
}
