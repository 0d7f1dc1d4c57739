/**
 * Keeps the attempts that this worker runs alive: one beat names them all and brings the orders, and a lease that gets
 * no answer ends here by the monotonic clock, whatever the handler thinks of it. While nothing runs it beats now and then, to
 * be seen as alive.
 */
import { LIMITS } from '@countersign/contracts/limits';
import { subjects } from '@countersign/contracts/subjects';
import type { BeatAnswer } from '@countersign/contracts/worker';
import { monotonicMs } from '@countersign/platform/clock';
import { errorFields, type Logger } from '@countersign/platform/logger';
import type { WorkerBus } from './http-door.ts';
import type { KeptResults } from './keep-results.ts';
import type { EndReason } from './run-handler.ts';

type Running = { claim_id: string; lease_ms: number; lease_end: number; abort: (reason: EndReason) => void };

export type HeldAttempts = {
  /** `asked_at` is when the claim was sent: the lease cannot have begun before. */
  hold(dispatch_id: string, run: Pick<Running, 'claim_id' | 'lease_ms' | 'abort'> & { asked_at: number }): void;
  release(dispatch_id: string): void;
  /** The worker is going: what still runs is worth another attempt elsewhere. */
  giveUpAll(): void;
  /** Ends the beats. */
  close(): void;
};

export type HoldOptions = { bus: WorkerBus; pool: string; worker: string; results: KeptResults; log: Logger };

export function holdAttempts({ bus, pool, worker, results, log }: HoldOptions): HeldAttempts {
  const running = new Map<string, Running>();
  let beating = false;
  let beaten_at = Number.NEGATIVE_INFINITY;

  const beat = async (): Promise<void> => {
    const attempts = [
      ...[...running].map(([dispatch_id, { claim_id }]) => ({ dispatch_id, claim_id, reported: false })),
      // A younger one is about to be answered, and its lease is far from over.
      ...results.list(LIMITS.beat_ms).map(({ dispatch_id, claim_id }) => ({ dispatch_id, claim_id, reported: true })),
    ].slice(0, LIMITS.beat_attempts);
    const asked_at = monotonicMs();
    if (attempts.length === 0 && asked_at - beaten_at < LIMITS.idle_beat_ms) return;
    beaten_at = asked_at;
    const answer = await bus.callAt(subjects.beat(pool, worker), 'scheduler.beat', { attempts });
    for (const order of answer.attempts) obey(running.get(order.dispatch_id), order, asked_at);
  };

  const obey = (run: Running | undefined, told: BeatAnswer['attempts'][number], asked_at: number): void => {
    const { dispatch_id, order, reason } = told;
    if (order === 'settled') results.settle(dispatch_id);
    if (run === undefined) return;
    if (order === 'continue') run.lease_end = asked_at + run.lease_ms;
    else {
      log.info({ dispatch_id, reason }, 'told to stop');
      run.abort('stopped');
    }
  };

  const endLapsed = (): void => {
    for (const [dispatch_id, run] of running) {
      if (monotonicMs() < run.lease_end) continue;
      log.warn({ dispatch_id }, 'the lease ran out without an answer');
      running.delete(dispatch_id);
      run.abort('lease_lost');
    }
  };

  const tick = setInterval(() => {
    endLapsed();
    if (beating) return;
    beating = true;
    beat()
      .catch((thrown: unknown) => log.warn(errorFields(thrown), 'a beat was not answered'))
      .finally(() => {
        beating = false;
      });
  }, LIMITS.beat_ms);

  return {
    hold(dispatch_id, { asked_at, ...run }) {
      running.set(dispatch_id, { ...run, lease_end: asked_at + run.lease_ms });
    },
    release: (dispatch_id) => void running.delete(dispatch_id),
    giveUpAll() {
      for (const run of running.values()) run.abort('worker_stopping');
    },
    close: () => clearInterval(tick),
  };
}
