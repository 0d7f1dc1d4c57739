/**
 * For the end of which jobs somebody waits at a door, as ingress says when the wait begins. It only decides whether a hint is sent: of what
 * was forgotten, or not heard here in time, the evidence tells a moment later.
 */
import { LIMITS } from '@countersign/contracts/limits';
import type { JobKey } from '@countersign/contracts/rpc-audit';
import type { Bus } from '@countersign/platform/bus';
import { monotonicMs } from '@countersign/platform/clock';
import { hearJobs } from '@countersign/platform/hear-jobs';

export type WaitedJobs = { has(job: JobKey): boolean };

export function openWaitedJobs(bus: Pick<Bus, 'onHints'>): WaitedJobs {
  /** As long as a wait may be, so the order of insertion is that of their ends. */
  const until = new Map<string, number>();
  const add = (job: JobKey): void => {
    const key = keyOf(job);
    until.delete(key);
    if (until.size >= LIMITS.waited_jobs) until.delete(until.keys().next().value as string);
    until.set(key, monotonicMs() + LIMITS.submit_wait_s * 1_000);
  };
  hearJobs(bus, 'output-safety', add);
  return { has: (job) => (until.get(keyOf(job)) ?? 0) > monotonicMs() };
}

function keyOf({ tenant, job_id }: JobKey): string {
  return `${tenant}/${job_id}`;
}
