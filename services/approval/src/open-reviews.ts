/** Opens the review of each job that policy marks and that has run and ended, once, with its evidence; and says how many wait. */
import { jobEntry } from '@countersign/contracts/job-entry';
import { LIMITS } from '@countersign/contracts/limits';
import type { Tx } from '@countersign/platform/database';
import { uuidv7 } from '@countersign/platform/ids';
import { append } from '@countersign/platform/ledger-append';
import type { ServiceContext } from '@countersign/platform/service';
import { countWaiting, insertReviews, takeReviewable } from './store-reviews.ts';

type Context = Pick<ServiceContext<unknown>, 'database' | 'metrics'>;

/** Of several instances one opens each: the row on the scheduler's list is taken in the same transaction. */
export async function openReviews({ database, metrics }: Context): Promise<void> {
  const { open, oldest_s, due } = await countWaiting(database);
  metrics.set('reviews_open', {}, open);
  metrics.set('reviews_oldest_seconds', {}, oldest_s);
  if (due) await database.transaction(openThose);
}

async function openThose(tx: Tx): Promise<void> {
  const jobs = await takeReviewable(tx, LIMITS.batch_rows);
  const reviews = jobs.map(({ actor, policy_version: _, state: __, ...job }) => ({
    ...job,
    review_id: uuidv7(),
    kind: 'run' as const,
    requester: actor,
  }));
  await insertReviews(tx, reviews);
  const entries = jobs.map(({ on_behalf_of, rule_id, policy_version, state: ended_as, ...facts }, i) => {
    const { review_id } = reviews[i]!;
    return jobEntry('run_review_opened', facts, { review_id, on_behalf_of, rule_id, policy_version, ended_as });
  });
  await append(tx, entries);
}
