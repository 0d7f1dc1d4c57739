/**
 * Shows what waits for a review, and signs it off: by a person in whose matter it is not and who did not vote on it, by no account of
 * theirs. The job stays as it is; the word is evidence, once.
 */
import { CountersignError } from '@countersign/contracts/errors';
import { readIdCursor } from '@countersign/contracts/id-cursor';
import { jobEntry } from '@countersign/contracts/job-entry';
import { LIMITS } from '@countersign/contracts/limits';
import type { ReviewPage, ReviewView } from '@countersign/contracts/review';
import type { RpcParsed } from '@countersign/contracts/rpc';
import { refuseRevoked } from '@countersign/platform/control-gate';
import type { Database, Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import { partiesOf } from './judge-vote.ts';
import { readElectorate } from './read-electorate.ts';
import { findReview, listReviews, lockReview, markSigned, type Review, votersOfJobs } from './store-reviews.ts';

/** The cursor is the last review's id. Throws `query_invalid`. */
export async function pageOfReviews(database: Tx, asked: RpcParsed<'approval.reviews'>): Promise<ReviewPage> {
  const { limit = LIMITS.page_rows, cursor } = asked;
  const found = await listReviews(database, { ...asked, before: readIdCursor(cursor), rows: limit + 1 });
  const page = found.slice(0, limit);
  return { reviews: await shown(database, page), next_cursor: found.length > limit ? page.at(-1)!.review_id : null };
}

/** Throws `not_found`. */
export async function getReview(
  database: Tx,
  { tenant, review_id }: RpcParsed<'approval.get_review'>,
): Promise<ReviewView> {
  const [view] = await shown(database, [await require(database, tenant, review_id)]);
  return view!;
}

/** The same again by the same person is the first answer again. Throws `not_found`, `revoked`, `approval_not_eligible`, `state_conflict`. */
export function signReview(database: Database, asked: RpcParsed<'approval.sign_review'>): Promise<ReviewView> {
  const { tenant, review_id, principal, outcome, reason } = asked;
  return database.transaction(async (tx) => {
    await refuseRevoked(tx, principal, [tenant]);
    await lockReview(tx, tenant, review_id);
    const review = await require(tx, tenant, review_id);
    const [{ apart }] = (await shown(tx, [review])) as [ReviewView];
    const { personOf } = await readElectorate(tx, null, [principal.id, ...apart]);
    if (principal.type !== 'human' || apart.map(personOf).includes(personOf(principal.id)))
      throw new CountersignError('approval_not_eligible');
    if (review.signed_by === null) {
      await markSigned(tx, { review_id, outcome, by: principal.id, reason });
      await append(tx, [signedEntry(review, asked)]);
    } else if (review.signed_by !== principal.id || review.outcome !== outcome) {
      throw new CountersignError('state_conflict', `${review.signed_by} has signed it off: ${review.outcome}`);
    }
    return getReview(tx, asked);
  });
}

async function require(tx: Tx, tenant: string, review_id: string): Promise<Review> {
  const review = await findReview(tx, tenant, review_id);
  if (review === null) throw new CountersignError('not_found');
  return review;
}

async function shown(tx: Tx, reviews: readonly Review[]): Promise<ReviewView[]> {
  const voters = await votersOfJobs(tx, reviews);
  return reviews.map(({ auth_method: _, job_hash: __, traceparent: ___, ...review }) => {
    const voted = voters.filter(({ tenant, job_id }) => tenant === review.tenant && job_id === review.job_id);
    return { ...review, apart: [...new Set([...partiesOf(review), ...voted.map(({ person }) => person)])] };
  });
}

function signedEntry(review: Review, { principal, outcome, reason }: RpcParsed<'approval.sign_review'>) {
  const { requester: actor, review_id, on_behalf_of, kind, tenant, job_id, topic, capability } = review;
  const { auth_method, owner, job_hash, traceparent } = review;
  const facts = { tenant, job_id, topic, capability, actor, auth_method, owner, job_hash, traceparent };
  const by = { reviewer: principal.id, reviewer_auth_method: principal.auth_method, commented: reason !== null };
  return jobEntry('review_signed', facts, { review_id, of: kind, on_behalf_of, outcome, ...by });
}
