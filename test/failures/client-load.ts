/**
 * Clients that keep submitting and, as careful ones would, send the same job again until they are told yes or no. Fast at
 * first, so that much is on its way when the test strikes; then at a rate that leaves the processors to what comes back.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { TestSystem } from '../harness/start-system.ts';
import type { Accepted } from './check-system.ts';

export type Load = {
  accepted: Accepted[];
  /** Answers that were neither a yes nor an outage: there must be none. */
  strange: string[];
  /** Outages heard, by code. */
  outages: Map<string, number>;
  stop(): Promise<void>;
};

/** Each of so many falls under the limits of `COUNTED_RULE`, where the policy has it: more than those let through. */
const COUNTED = 4;
const TRIES = 400;
/** So many jobs come fast: a test strikes after ten. */
const BURST = 60;
/** Between two jobs of one client, unless a test wants it otherwise. */
const PAUSE_MS = { burst: 20, after: 150 };
/** After which a client asks again, of the next ingress if there is one: a hung one never answers. */
const ANSWER_MS = 5_000;

export function startLoad(
  system: TestSystem,
  { clients = 4, every_ms }: { clients?: number; every_ms?: number } = {},
): Load {
  const load = { accepted: [] as Accepted[], strange: [] as string[], outages: new Map<string, number>() };
  let running = true;
  let submitted = 0;

  const submitUntilAnswered = async (): Promise<void> => {
    const job_id = randomUUID();
    submitted += 1;
    const counted = submitted % COUNTED === 0 ? { labels: { counted: 'yes' } } : {};
    for (let tries = 0; tries < TRIES; tries += 1) {
      const answer = await system
        .api(
          'agent',
          'POST',
          '/api/v1/jobs',
          { job_id, topic: 'job.demo.read', prompt: 'status', ...counted },
          {},
          AbortSignal.timeout(ANSWER_MS),
        )
        .catch(() => null);
      if (answer?.status === 202) {
        load.accepted.push({ job_id });
        return;
      }
      const code = answer === null ? 'unreachable' : String(answer.body?.code);
      if (answer !== null && answer.status !== 503) {
        load.strange.push(`${answer.status} ${code}`);
        return;
      }
      load.outages.set(code, (load.outages.get(code) ?? 0) + 1);
      await pause(100);
    }
    load.strange.push('gave up');
  };
  const client = async (): Promise<void> => {
    while (running) {
      await submitUntilAnswered();
      await pause(every_ms ?? (submitted < BURST ? PAUSE_MS.burst : PAUSE_MS.after));
    }
  };
  const clients_running = Promise.all(Array.from({ length: clients }, client));
  return {
    ...load,
    async stop() {
      running = false;
      await clients_running;
    },
  };
}
