/** Whose yes a decision asks for: all stages, each with so many votes of its group; and what may make it easier. */
import { z } from 'zod';
import { token } from './names.ts';

export const approvalStage = z.strictObject({ group: token, count: z.int().min(1).max(20) });
export type ApprovalStage = z.infer<typeof approvalStage>;
export const approvalEscalation = z.strictObject({ after_ms: z.int().min(1), to: token });
export const approvalBreakGlass = z.strictObject({ group: token });

export const askedApproval = z.strictObject({
  stages: z.array(approvalStage).min(1).max(8),
  expires_ms: z.int().min(1),
  /** After so long this group may vote as well, in every stage. */
  escalate: approvalEscalation.optional(),
  /** One of this group may grant it alone, with a reason that somebody else reviews. */
  break_glass: approvalBreakGlass.optional(),
  /** An agreement to the very same under another policy, on the very same terms, holds on under this one. */
  survive: z.literal('same_terms').optional(),
});
