/** Verbs of reviews, which the approval service answers: what waits for one, one of them, and signing it off. */
import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { jobId, tenantName, uuid } from './names.ts';
import { REVIEW_KINDS, REVIEW_OUTCOMES, REVIEW_STATES, reviewPage, reviewView } from './review.ts';
import { isPage, isSameReview } from './rpc-matches.ts';
import { verb } from './rpc-verb.ts';

/** `principal`: the shape of who acts, which stands with the table of verbs. */
export function reviewVerbs<P extends z.ZodType>(principal: P) {
  return {
    'approval.reviews': verb({
      service: 'approval',
      callers: ['ingress'],
      request: z.strictObject({
        tenant: tenantName,
        state: z.enum(REVIEW_STATES).optional(),
        kind: z.enum(REVIEW_KINDS).optional(),
        outcome: z.enum(REVIEW_OUTCOMES).optional(),
        job_id: jobId.optional(),
        cursor: z.string().max(LIMITS.cursor_chars).optional(),
        limit: z.int().min(1).max(LIMITS.page_rows).optional(),
      }),
      answer: reviewPage,
      repeatable: true,
      matches: (asked, { reviews }) => isPage(asked, reviews, ['state', 'kind', 'outcome', 'job_id']),
    }),
    'approval.get_review': verb({
      service: 'approval',
      callers: ['ingress'],
      request: z.strictObject({ tenant: tenantName, review_id: uuid }),
      answer: reviewView,
      repeatable: true,
      matches: isSameReview,
    }),
    'approval.sign_review': verb({
      service: 'approval',
      callers: ['ingress'],
      request: z.strictObject({
        tenant: tenantName,
        review_id: uuid,
        outcome: z.enum(REVIEW_OUTCOMES),
        reason: z.string().max(LIMITS.comment_chars).nullable(),
        principal,
      }),
      answer: reviewView,
      repeatable: false,
      matches: isSameReview,
    }),
  };
}
