/**
 * Who waits in this process for the end of which job. Output-safety hears of each, and whoever ends it says so at once; its evidence is
 * published a moment later. A hint says "look", and is never the answer.
 */
import type { JobKey } from '@countersign/contracts/rpc-audit';
import { subjects } from '@countersign/contracts/subjects';
import type { Bus } from '@countersign/platform/bus';
import { hearJobs } from '@countersign/platform/hear-jobs';

export type WaitingCallers = {
  /** Hints from now on, also those that came before `next` was called. */
  watch(job: JobKey): Disposable & { next(): Promise<void> };
  /** It may have ended. Costs nothing where nobody waits here. */
  hint(job: JobKey): void;
};

export function waitingCallers(bus: Pick<Bus, 'hint' | 'onHints'>): WaitingCallers {
  const waiting = new Map<string, Set<() => void>>();
  const hint = (job: JobKey): void => {
    for (const wake of waiting.get(keyOf(job)) ?? []) wake();
  };
  hearJobs(bus, 'ingress', hint);
  return {
    hint,
    watch(job) {
      const key = keyOf(job);
      let hinted = Promise.withResolvers<void>();
      const wake = (): void => hinted.resolve();
      const all = waiting.get(key) ?? new Set();
      waiting.set(key, all.add(wake));
      bus.hint(subjects.waited(), job);
      return {
        async next() {
          await hinted.promise;
          hinted = Promise.withResolvers();
        },
        [Symbol.dispose]() {
          all.delete(wake);
          if (all.size === 0) waiting.delete(key);
        },
      };
    },
  };
}

function keyOf({ tenant, job_id }: JobKey): string {
  return `${tenant}/${job_id}`;
}
