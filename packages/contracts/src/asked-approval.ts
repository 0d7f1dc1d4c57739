/** Whose yes a decision asks for: all stages, each with so many votes of its group. */
import { z } from 'zod';
import { token } from './names.ts';

export const approvalStage = z.strictObject({ group: token, count: z.int().min(1).max(20) });
export type ApprovalStage = z.infer<typeof approvalStage>;

export const askedApproval = z.strictObject({
  stages: z.array(approvalStage).min(1).max(8),
  expires_ms: z.int().min(1),
});
