/** The verbs of the approval service: what waits, one of them, a vote, and taking a question back. */
import { z } from 'zod';
import { approvalView } from './approval.ts';
import { counterOffer } from './counter-offer.ts';
import { grantPage, grantView, voteGrant } from './grant.ts';
import { LIMITS } from './limits.ts';
import { digest, jobId, tenantName, uuid } from './names.ts';
import { isPage, isSameApproval } from './rpc-matches.ts';
import { verb } from './rpc-verb.ts';

const page = {
  cursor: z.string().max(LIMITS.cursor_chars).optional(),
  limit: z.int().min(1).max(LIMITS.page_rows).optional(),
};

/** `principal`: the shape of who acts, which stands with the table of verbs. */
export function approvalVerbs<P extends z.ZodType>(principal: P) {
  return {
    'approval.list': verb({
      service: 'approval',
      callers: ['ingress'],
      request: z.strictObject({
        tenant: tenantName,
        state: z.string().optional(),
        job_id: jobId.optional(),
        /** Only those that this principal may vote on now. A page may hold fewer than there is room for. */
        votable_by: principal.optional(),
        ...page,
      }),
      answer: z.object({ approvals: z.array(approvalView), next_cursor: z.string().nullable() }),
      repeatable: true,
      matches: (asked, { approvals }) => isPage(asked, approvals, ['state', 'job_id']),
    }),
    'approval.get': verb({
      service: 'approval',
      callers: ['ingress'],
      request: z.strictObject({ tenant: tenantName, approval_id: uuid }),
      answer: approvalView,
      repeatable: true,
      matches: isSameApproval,
    }),
    ...votingVerbs(principal),
    ...grantVerbs(principal),
  };
}

function grantVerbs<P extends z.ZodType>(principal: P) {
  return {
    'approval.grants': verb({
      service: 'approval',
      callers: ['ingress'],
      /** `active`: only those that may still be used. */
      request: z.strictObject({ tenant: tenantName, active: z.boolean(), ...page }),
      answer: grantPage,
      repeatable: true,
      matches: (asked, { grants }) => isPage(asked, grants, []),
    }),
    'approval.revoke_grant': verb({
      service: 'approval',
      callers: ['ingress'],
      request: z.strictObject({
        tenant: tenantName,
        grant_id: uuid,
        reason: z.string().min(1).max(LIMITS.comment_chars),
        /** May revoke whoever gave it. */
        any: z.boolean(),
        principal,
      }),
      answer: grantView,
      repeatable: false,
      matches: (asked, { tenant, grant_id }) => tenant === asked.tenant && grant_id === asked.grant_id,
    }),
  };
}

function votingVerbs<P extends z.ZodType>(principal: P) {
  return {
    'approval.vote': verb({
      service: 'approval',
      callers: ['ingress'],
      request: z.strictObject({
        tenant: tenantName,
        approval_id: uuid,
        vote: z.enum(['approve', 'reject']),
        digest,
        comment: z.string().max(LIMITS.comment_chars).nullable(),
        /** Of a yes: for this job and others alike. */
        grant: voteGrant.optional(),
        principal,
      }),
      answer: approvalView,
      /** A second one is told that this person has voted. */
      repeatable: false,
      matches: (asked, answered) => isSameApproval(asked, answered) && answered.digest === asked.digest,
    }),
    'approval.counter_offer': verb({
      service: 'approval',
      callers: ['ingress'],
      request: counterOffer.extend({ tenant: tenantName, approval_id: uuid, principal }),
      answer: approvalView,
      repeatable: false,
      matches: (asked, answered) => isSameApproval(asked, answered) && answered.digest === asked.digest,
    }),
    'approval.break_glass': verb({
      service: 'approval',
      callers: ['ingress'],
      request: z.strictObject({
        tenant: tenantName,
        approval_id: uuid,
        digest,
        reason: z.string().min(1).max(LIMITS.comment_chars),
        principal,
      }),
      answer: approvalView,
      repeatable: false,
      matches: (asked, answered) => isSameApproval(asked, answered) && answered.digest === asked.digest,
    }),
    'approval.withdraw': verb({
      service: 'approval',
      callers: ['ingress'],
      request: z.strictObject({
        tenant: tenantName,
        approval_id: uuid,
        reason: z.string().max(LIMITS.comment_chars).nullable(),
        principal,
      }),
      answer: approvalView,
      repeatable: false,
      matches: isSameApproval,
    }),
  };
}
