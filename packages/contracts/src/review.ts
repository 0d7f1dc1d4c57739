/** Reviews: what somebody else has to look at after the fact and sign off. A run that policy marks, and what one person granted alone. */
import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { instant, jobId, principalId, tenantName, topicName, uuid } from './names.ts';

export const REVIEW_KINDS = ['run', 'break_glass'] as const;
export const REVIEW_STATES = ['open', 'signed'] as const;
/** `finding`: something was not as it should have been, and the reason says what. The job's state stays either way. */
export const REVIEW_OUTCOMES = ['accepted', 'finding'] as const;

export const reviewView = z.object({
  /** Of what one person granted alone: that approval's own id. */
  review_id: uuid,
  kind: z.enum(REVIEW_KINDS),
  tenant: tenantName,
  job_id: jobId,
  state: z.enum(REVIEW_STATES),
  topic: topicName,
  capability: z.string().nullable(),
  requester: principalId,
  owner: principalId.nullable(),
  on_behalf_of: z.string().nullable(),
  rule_id: z.string().nullable(),
  opened_at: instant,
  /** None of these people may sign it off, nor may another account of theirs: in whose matter it is, and whoever voted. */
  apart: z.array(principalId),
  outcome: z.enum(REVIEW_OUTCOMES).nullable(),
  signed_by: principalId.nullable(),
  signed_at: instant.nullable(),
  /** In the words of whoever signed; no evidence. */
  reason: z.string().nullable(),
});
export type ReviewView = z.infer<typeof reviewView>;
export const reviewPage = z.object({ reviews: z.array(reviewView), next_cursor: z.string().nullable() });
export type ReviewPage = z.infer<typeof reviewPage>;

/** `reason` is shown with the review and never enters the ledger; a finding needs one. */
export const signing = z
  .strictObject({
    outcome: z.enum(REVIEW_OUTCOMES),
    reason: z.string().min(1).max(LIMITS.comment_chars).optional(),
  })
  .refine(({ outcome, reason }) => outcome === 'accepted' || reason !== undefined, {
    path: ['reason'],
    message: 'a finding needs a reason',
  });
export type Signing = z.infer<typeof signing>;

/** Of the run of one job. `due`: it has not ended yet. */
export const jobReview = z.object({
  state: z.enum(['due', ...REVIEW_STATES]),
  review_id: uuid.nullable(),
  outcome: z.enum(REVIEW_OUTCOMES).nullable(),
  signed_by: principalId.nullable(),
});
export type JobReview = z.infer<typeof jobReview>;
