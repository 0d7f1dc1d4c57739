/** How a policy's author asks for an approval: by whom, for how long, what may make it easier; and what has to stand around a run. */
import { z } from 'zod';
import { approvalGrant } from './asked-approval.ts';
import { duration } from './duration.ts';
import { LIMITS } from './limits.ts';
import { token } from './names.ts';

export const stage = z.strictObject({ group: token, count: z.int().min(1).max(20).default(1) });
export const approvalTerms = z.strictObject({
  stages: z.array(stage).min(1).max(8),
  expires_in: duration.default(LIMITS.approval_expires_ms),
  /** After a while another group may vote as well. */
  escalate: z.strictObject({ after: duration, to: token }).optional(),
  /** One of this group may grant it alone; each time somebody else reviews it. */
  break_glass: z.strictObject({ group: token }).optional(),
  /** A yes may be given for several jobs alike. */
  grant: approvalGrant.optional(),
});
export type ApprovalTermsSource = z.infer<typeof approvalTerms>;

/** `required`: the request must name a compensation that this policy would let through. */
export const rollback = z.enum(['none', 'required']);
/** Once the job has run, somebody apart signs it off. */
export const review = z.literal('required');
