/** Tells approval of held jobs. A hint only: its own sweep finds them too, so a lost one costs time and nothing else. */
import { subjects } from '@countersign/contracts/subjects';
import type { SchedulerContext } from '../scheduler-context.ts';

type Held = { tenant: string; job_id: string; topic: string };

export function wakeHeld({ bus }: SchedulerContext, jobs: readonly Held[]): void {
  for (const { tenant, job_id, topic } of jobs) bus.hint(subjects.held(tenant, topic), { tenant, job_id });
}
