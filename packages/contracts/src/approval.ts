/** An approval: what is shown, what a vote names, how it stands. */

import { z } from 'zod';
import { approvalBreakGlass, approvalEscalation, approvalGrant, approvalStage } from './asked-approval.ts';
import { madeOffer } from './counter-offer.ts';
import { effectiveJob } from './decision.ts';
import { writtenChain } from './delegation.ts';
import { voteGrant } from './grant.ts';
import { LIMITS } from './limits.ts';
import { digest, instant, jobId, principalId, tenantName, topicName, uuid } from './names.ts';

export const APPROVAL_STATES = ['open', 'granted', 'refused', 'expired', 'voided', 'withdrawn'] as const;
export type ApprovalState = (typeof APPROVAL_STATES)[number];

/** `digest` is the approval's own, as shown to the voter: a vote for anything else is refused. */
export const vote = z.strictObject({
  digest,
  comment: z.string().max(LIMITS.comment_chars).optional(),
});

/** `grant`: for this job and others alike, where the rule lets a yes be given for several. */
export const yes = vote.extend({ grant: voteGrant.optional() });

/** `reason` is shown with the approval and never enters the ledger. */
export const withdrawal = z.strictObject({ reason: z.string().min(1).max(LIMITS.comment_chars).optional() });

/** `POST /approvals/{id}/break-glass`. The reason is shown with the approval and never enters the ledger. */
export const glassBreaking = z.strictObject({ digest, reason: z.string().min(1).max(LIMITS.comment_chars) });

export const glassBroken = z.object({
  used_by: principalId,
  used_at: instant,
  reason: z.string(),
  reviewed_by: principalId.nullable(),
  reviewed_at: instant.nullable(),
  review: z.string().nullable(),
});
export type GlassBroken = z.infer<typeof glassBroken>;

export const recordedVote = z.object({
  voter: principalId,
  /** Whose vote it is, when that person let the voter vote in the group; it is spent for both. */
  delegated_by: principalId.nullable(),
  vote: z.enum(['approve', 'reject']),
  stage: z.int(),
  group: z.string(),
  comment: z.string().nullable(),
  /** For how many jobs alike and for how long; null for this one alone. */
  grant: voteGrant.nullable(),
  voted_at: instant,
});

export const approvalView = z.object({
  approval_id: uuid,
  tenant: tenantName,
  job_id: jobId,
  topic: topicName,
  state: z.enum(APPROVAL_STATES),
  /** Digest a vote must name: covers every field below that decides. */
  digest,
  job_hash: digest,
  effective_digest: digest,
  policy_version: z.int(),
  policy_snapshot: z.string(),
  policy_epoch: z.int(),
  rule_id: z.string().nullable(),
  reason: z.string(),
  requester: principalId,
  owner: principalId.nullable(),
  /** For whom, in order; an agent's owner follows it after a slash. None of them may vote. */
  on_behalf_of: writtenChain.nullable(),
  max_attempts: z.int(),
  stages: z.array(approvalStage),
  /** Who is asked now: the stage, counted from 0, and the groups that may vote in it. Null once it is closed. */
  waiting: z.object({ stage: z.int(), groups: z.array(z.string()) }).nullable(),
  votes: z.array(recordedVote),
  opened_at: instant,
  expires_at: instant,
  closed_at: instant.nullable(),
  /** The approval that asks in its place since the policy changed. */
  superseded_by: uuid.nullable(),
  /** After so long that group may vote, too; since `escalated_at` it may. */
  escalate: approvalEscalation.nullable(),
  escalated_at: instant.nullable(),
  /** One of this group may grant it alone. */
  break_glass: approvalBreakGlass.nullable(),
  /** Who did, why, and who reviewed it. */
  glass_broken: glassBroken.nullable(),
  /** For how much a yes may be given at most; null where it is for one job. */
  grant: approvalGrant.nullable(),
  /** The approval that was given for this job as well, instead of votes. */
  by_grant: uuid.nullable(),
  /** Which of its jobs this one was, counted from 1, the one that people voted on; null until it is dispatched. */
  grant_use: z.int().nullable(),
  /** What whoever refused it would agree to instead. Null in listings. */
  counter_offer: madeOffer.nullable(),
  /** The question under the policy before whose votes this one began with. */
  carried_from: uuid.nullable(),
  withdrawn_by: principalId.nullable(),
  /** In the words of whoever withdrew it; no evidence. */
  withdrawn_because: z.string().nullable(),
  /** The last time that the same topic and capability were agreed to before. Null in listings. */
  last_granted: z
    .object({ approval_id: uuid, job_id: jobId, closed_at: instant, voters: z.array(principalId) })
    .nullable(),
  /** Exactly what will run; null once the content was erased, and in listings. */
  effective: effectiveJob.nullable(),
});
export type ApprovalView = z.infer<typeof approvalView>;

/** What an agent is told of the question that holds its job: whom it waits for and where they look, never the content. */
export const waitingFor = z.object({
  /** Null in the answer to a submission: the question opens a moment later. */
  approval_id: uuid.nullable(),
  groups: z.array(z.string()),
  expires_at: instant.nullable(),
  /** Path on the same server. */
  url: z.string(),
});
export type WaitingFor = z.infer<typeof waitingFor>;
