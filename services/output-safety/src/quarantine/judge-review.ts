/**
 * May this person review this output, and what does that lead to. Pure. Nobody reviews what they, or an agent of theirs, asked
 * for; nobody releases what they have not opened, files included; where the policy asks for two people, both release the very same thing.
 */
import { partiesIn } from '@countersign/contracts/delegation';
import { CountersignError } from '@countersign/contracts/errors';
import type { OutputReview, QuarantineState } from '@countersign/contracts/quarantine';

export type Reviewed = {
  actor: string;
  owner: string | null;
  on_behalf_of: string | null;
  output_digest: string;
  /** Its files, by their salted digests. */
  artifacts: readonly string[];
  state: QuarantineState;
  /** `artifacts`: those that whoever opened it was told of, or that leave with it. */
  reviews: readonly (OutputReview & { released_digest: string | null; artifacts: readonly string[] })[];
};
/** `artifacts`: the files that leave as well. */
type Release = { digest: string; released_digest: string; artifacts: readonly string[] };

/** Throws `review_not_eligible`. */
export function judgeReviewer({ actor, owner, on_behalf_of }: Reviewed, reviewer: string): void {
  if ([actor, owner, ...partiesIn(on_behalf_of)].includes(reviewer))
    throw new CountersignError('review_not_eligible', 'it is the output of a job of their own or of their agent');
}

/** Throws `state_conflict` once it was released or discarded. */
export function judgeOpen({ state }: Reviewed): void {
  if (state === 'released' || state === 'discarded') throw new CountersignError('state_conflict', `it was ${state}`);
}

/** `reviewers`: how many the policy asks for. Throws `state_conflict`, or `field_invalid` for another output's digest. */
export function judgeRelease(
  reviewed: Reviewed,
  reviewer: string,
  { digest, released_digest, artifacts }: Release,
  reviewers: number,
): 'proposed' | 'released' {
  judgeOpen(reviewed);
  if (digest !== reviewed.output_digest)
    throw new CountersignError('field_invalid', 'is not the digest of this output', { at: '/digest' });
  const saw = reviewed.reviews.filter((review) => review.action === 'opened' && review.reviewer === reviewer);
  if (!saw.some((opened) => artifacts.every((each) => opened.artifacts.includes(each))))
    throw new CountersignError('state_conflict', 'open it first: nobody releases what they have not seen');
  if (reviewers < 2) return 'released';
  const last = reviewed.reviews.findLast(({ action }) => action === 'proposed');
  const isSecond = last !== undefined && last.reviewer !== reviewer && last.released_digest === released_digest;
  return isSecond && isSameSet(last.artifacts, artifacts) ? 'released' : 'proposed';
}

/** In the order of the result, which never changes. */
function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((each, i) => each === b[i]);
}
