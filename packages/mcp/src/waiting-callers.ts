/** Who waits here for which job. A job that nobody waits for is not claimed, so what nobody will see does not run. */
export type WaitingCallers = {
  /** Call the answer when the caller is gone. */
  join(job_id: string): () => void;
  /** True as soon as somebody waits for it, false when nobody came within `ms`. */
  until(job_id: string, ms: number): Promise<boolean>;
};

export function waitingCallers(): WaitingCallers {
  const callers = new Map<string, number>();
  const arrivals = new Map<string, Set<() => void>>();
  return {
    join(job_id) {
      callers.set(job_id, (callers.get(job_id) ?? 0) + 1);
      for (const tell of arrivals.get(job_id) ?? []) tell();
      let left = false;
      return () => {
        if (left) return;
        left = true;
        const others = callers.get(job_id)! - 1;
        if (others === 0) callers.delete(job_id);
        else callers.set(job_id, others);
      };
    },
    until(job_id, ms) {
      if (callers.has(job_id)) return Promise.resolve(true);
      return new Promise((resolve) => {
        const waiting = arrivals.get(job_id) ?? new Set();
        arrivals.set(job_id, waiting);
        const done = (came: boolean): void => {
          clearTimeout(timer);
          waiting.delete(tell);
          if (waiting.size === 0) arrivals.delete(job_id);
          resolve(came);
        };
        const tell = (): void => done(true);
        const timer = setTimeout(() => done(false), ms);
        waiting.add(tell);
      });
    },
  };
}
