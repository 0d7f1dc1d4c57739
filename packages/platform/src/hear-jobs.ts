/** Hints that name a job and reach every instance of a service. What names none is nobody's. */
import type { ServiceName } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import { type JobKey, jobKey } from '@countersign/contracts/rpc-audit';
import { hintsTo } from '@countersign/contracts/streams';
import type { Bus } from './bus.ts';

export function hearJobs(bus: Pick<Bus, 'onHints'>, service: ServiceName, hear: (job: JobKey) => void): void {
  bus.onHints(hintsTo(service, true), {
    batch: LIMITS.batch_rows,
    every: true,
    async handle(hints) {
      for (const { body } of hints) {
        const job = jobKey.safeParse(body);
        if (job.success) hear(job.data);
      }
    },
  });
}
