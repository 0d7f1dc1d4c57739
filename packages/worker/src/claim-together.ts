/** Claims of one turn of the event loop share one message, and so one instance of the scheduler and one commit. */
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { subjects } from '@countersign/contracts/subjects';
import type { ClaimAnswer, ClaimRequest } from '@countersign/contracts/worker';
import type { Bus } from '@countersign/platform/bus';

/** Throws what the scheduler answered to this claim, or an outage. */
export type AskForClaim = (request: ClaimRequest, traceparent: string) => Promise<ClaimAnswer>;

type Waiting = { request: ClaimRequest; traceparent: string } & Pick<
  PromiseWithResolvers<ClaimAnswer>,
  'resolve' | 'reject'
>;

export function claimTogether(bus: Pick<Bus, 'callAt'>, pool: string, worker: string): AskForClaim {
  const subject = subjects.claim(pool, worker);
  let waiting: Waiting[] = [];

  async function send(batch: readonly Waiting[]): Promise<void> {
    const { traceparent } = batch[0]!;
    const items = batch.map(({ request }) => request);
    const { answers } = await bus.callAt(subject, 'scheduler.claim', { items }, { traceparent });
    for (const [i, { resolve, reject }] of batch.entries()) {
      const answer = answers[i]!;
      if (answer.ok) resolve(answer.value);
      else reject(new CountersignError(answer.error.code, answer.error.detail, { at: answer.error.at }));
    }
  }

  /** Batches do not wait for each other: one that is not answered holds back no later claim. */
  function sendAll(): void {
    const all = waiting;
    waiting = [];
    for (let from = 0; from < all.length; from += LIMITS.batch_rows) {
      const batch = all.slice(from, from + LIMITS.batch_rows);
      send(batch).catch((thrown: unknown) => {
        for (const { reject } of batch) reject(thrown);
      });
    }
  }

  return (request, traceparent) => {
    const { promise, resolve, reject } = Promise.withResolvers<ClaimAnswer>();
    if (waiting.length === 0) setImmediate(sendAll);
    waiting.push({ request, traceparent, resolve, reject });
    return promise;
  };
}
