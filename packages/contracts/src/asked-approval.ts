/** Whose yes a decision asks for: all stages, each with so many votes of its group; and what may make it easier. */
import { z } from 'zod';
import { fieldPath } from './field-path.ts';
import { LIMITS } from './limits.ts';
import { token } from './names.ts';

export const approvalStage = z.strictObject({ group: token, count: z.int().min(1).max(20) });
export type ApprovalStage = z.infer<typeof approvalStage>;
export const approvalEscalation = z.strictObject({ after_ms: z.int().min(1), to: token });
export const approvalBreakGlass = z.strictObject({ group: token });
/** At most: so many jobs within so many minutes, of the same agent, topic, capability and these fields. */
export const approvalGrant = z.strictObject({
  max_uses: z.int().min(2).max(LIMITS.grant_uses),
  max_minutes: z.int().min(1).max(LIMITS.grant_minutes),
  same: z.array(fieldPath).min(1).max(LIMITS.grant_fields),
});
export type ApprovalGrant = z.infer<typeof approvalGrant>;

export const askedApproval = z.strictObject({
  stages: z.array(approvalStage).min(1).max(8),
  expires_ms: z.int().min(1),
  /** After so long this group may vote as well, in every stage. */
  escalate: approvalEscalation.optional(),
  /** One of this group may grant it alone, with a reason that somebody else reviews. */
  break_glass: approvalBreakGlass.optional(),
  /** A yes may be given for several jobs alike. */
  grant: approvalGrant.optional(),
  /** An agreement to the very same under another policy, on the very same terms, holds on under this one. */
  survive: z.literal('same_terms').optional(),
});
