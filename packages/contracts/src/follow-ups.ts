/** What follows a job after its end: an offer that is taken, a compensation, the retry of what failed, or nothing more. */
import { z } from 'zod';
import { remediation } from './decision.ts';
import { FOLLOW_UPS, jobRequest } from './job.ts';
import { LIMITS } from './limits.ts';
import { instant, jobId, principalId, tenantName, topicName } from './names.ts';
import { jobReview } from './review.ts';
import { JOB_STATES } from './states.ts';

/** Another request that would go on through the gates: a remediation that came with a denial, or what an approver proposes. */
export const offerView = z.object({
  offer_id: z.string(),
  source: z.enum(['policy', 'approver']),
  remediation,
  reason: z.string(),
  /** Null: the policy. */
  offered_by: principalId.nullable(),
  offered_at: instant,
  /** The job that was made of it; it is taken once. */
  taken_as: jobId.nullable(),
});
export type OfferView = z.infer<typeof offerView>;

export const followUpView = z.object({ kind: z.enum(FOLLOW_UPS), job_id: jobId, asked_by: principalId });
export type FollowUpView = z.infer<typeof followUpView>;

/** Beside a job's own view; left out where there is nothing. */
export const whatFollows = {
  offers: z.array(offerView).optional(),
  /** Of which job it is one. */
  follows: followUpView.optional(),
  /** Oldest first. */
  followed_by: z.array(followUpView).optional(),
  /** Where policy marks its run: somebody else signs it off once it has ended. */
  review: jobReview.optional(),
};

export const takeOffer = z.strictObject({
  /** May be left out where there is one offer. */
  offer_id: z.string().min(1).max(LIMITS.token_chars).optional(),
  /** The request that was denied, as it was sent: nothing of it was kept but its digest, which it has to fit. */
  request: jobRequest.optional(),
});
export type TakeOffer = z.input<typeof takeOffer>;

/** A job that failed or ran out of time, until it is retried or discarded. Never content. */
export const deadLetter = z.object({
  tenant: tenantName,
  job_id: jobId,
  topic: topicName,
  actor: principalId,
  state: z.enum(JOB_STATES),
  reason: z.string().nullable(),
  /** `outcome_unknown` where nobody knows whether it was done. */
  code: z.string().nullable(),
  runs: z.int(),
  ended_at: instant,
  settled: z.enum(['retried', 'discarded']).nullable(),
  settled_by: principalId.nullable(),
  settled_at: instant.nullable(),
  settled_reason: z.string().nullable(),
  /** The job that was made of it. */
  retried_as: jobId.nullable(),
});
export type DeadLetter = z.infer<typeof deadLetter>;

/** With what became of each attempt. */
export const deadLetterDetail = deadLetter.extend({
  attempts: z.array(
    z.object({
      attempt: z.int(),
      pool: z.string(),
      worker: z.string().nullable(),
      state: z.string(),
      /** As the worker reported it; null when nothing was heard. */
      status: z.string().nullable(),
      claimed_at: instant.nullable(),
    }),
  ),
});
export type DeadLetterDetail = z.infer<typeof deadLetterDetail>;

export const discardRequest = z.strictObject({ reason: z.string().min(1).max(LIMITS.reason_chars) });
export const deadLetterPage = z.object({ dead_letters: z.array(deadLetter), next_cursor: z.string().nullable() });
export type DeadLetterPage = z.infer<typeof deadLetterPage>;
