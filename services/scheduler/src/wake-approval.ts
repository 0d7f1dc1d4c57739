/** Tells approval of held jobs. A hint only: its own sweep finds them too, so a lost message costs time and nothing else. */
import { subjects } from '@countersign/contracts/subjects';
import type { SchedulerContext } from './scheduler-context.ts';

type Held = { tenant: string; job_id: string; topic: string; traceparent: string };

export const wakeHeld = (context: SchedulerContext, jobs: readonly Held[]): void => {
  for (const { tenant, job_id, topic, traceparent } of jobs) {
    context.bus
      .publish(subjects.held(tenant, topic), { tenant, job_id }, { traceparent })
      .catch(() => context.log.warn({ job_id }, 'approval was not woken; its sweep will find the job'));
  }
};
