/** Turns what each caller of a batch would hear into one answer, so that no item's failure hides another's answer. */
import { type Failure, failureOf } from '@countersign/contracts/errors';

export type Settled<T> = { ok: true; value: T } | { ok: false; error: Failure };

export async function settleAll<T>(work: readonly Promise<T>[]): Promise<Settled<T>[]> {
  const outcomes = await Promise.allSettled(work);
  return outcomes.map((outcome) =>
    outcome.status === 'fulfilled'
      ? { ok: true, value: outcome.value }
      : { ok: false, error: failureOf(outcome.reason) },
  );
}
