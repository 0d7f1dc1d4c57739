/**
 * Who waits in this process for the end of which job. What passes through here and may have ended one wakes them at once; its
 * evidence is published a moment later. A hint says "look", and is never the answer.
 */
export type JobKey = { tenant: string; job_id: string };

export type WaitingCallers = {
  /** Hints from now on, also those that came before `next` was called. */
  watch(job: JobKey): Disposable & { next(): Promise<void> };
  /** It may have ended. Costs nothing where nobody waits here. */
  hint(job: JobKey): void;
};

export function waitingCallers(): WaitingCallers {
  const waiting = new Map<string, Set<() => void>>();
  return {
    watch(job) {
      const key = keyOf(job);
      let hint = Promise.withResolvers<void>();
      const wake = (): void => hint.resolve();
      const all = waiting.get(key) ?? new Set();
      waiting.set(key, all.add(wake));
      return {
        async next() {
          await hint.promise;
          hint = Promise.withResolvers();
        },
        [Symbol.dispose]() {
          all.delete(wake);
          if (all.size === 0) waiting.delete(key);
        },
      };
    },
    hint(job) {
      for (const wake of waiting.get(keyOf(job)) ?? []) wake();
    },
  };
}

function keyOf({ tenant, job_id }: JobKey): string {
  return `${tenant}/${job_id}`;
}
