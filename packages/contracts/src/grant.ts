/** A bounded grant: one yes for several jobs alike, within a time. It is named by the approval that gave it. */
import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { instant, jobId, principalId, tenantName, topicName, uuid } from './names.ts';

/** What one vote agrees to; of all votes the least counts. `uses` includes the job that is voted on. */
export const voteGrant = z.strictObject({
  uses: z.int().min(2).max(LIMITS.grant_uses),
  minutes: z.int().min(1).max(LIMITS.grant_minutes),
});
export type VoteGrant = z.infer<typeof voteGrant>;

/** `void`: the policy under which it was given is no longer the active one. */
export const GRANT_STATES = ['active', 'spent', 'expired', 'revoked', 'void'] as const;

/** Without the values of the fields: they stand in the job's own content. */
export const grantView = z.object({
  grant_id: uuid,
  tenant: tenantName,
  /** The job that people voted on. */
  job_id: jobId,
  state: z.enum(GRANT_STATES),
  requester: principalId,
  on_behalf_of: z.string().nullable(),
  topic: topicName,
  capability: z.string().nullable(),
  rule_id: z.string().nullable(),
  policy_version: z.int(),
  /** Fields of that job which every other one has to share. */
  same: z.array(z.string()),
  max_uses: z.int(),
  /** The job that people voted on is the first. */
  used: z.int(),
  /** Whoever voted, and whoever they voted for. */
  given_by: z.array(principalId),
  granted_at: instant,
  expires_at: instant,
  revoked_by: principalId.nullable(),
  revoked_at: instant.nullable(),
  /** In the words of whoever revoked it; no evidence. */
  revoked_because: z.string().nullable(),
});
export type GrantView = z.infer<typeof grantView>;
export const grantPage = z.object({ grants: z.array(grantView), next_cursor: z.string().nullable() });
export type GrantPage = z.infer<typeof grantPage>;

/** `reason` is shown with the grant and never enters the ledger. */
export const grantRevocation = z.strictObject({ reason: z.string().min(1).max(LIMITS.comment_chars) });
