/** Quarantined outputs as people review them: what is listed, opened, released or discarded, and who did it. */
import { z } from 'zod';
import { shownArtifact } from './artifact.ts';
import { finding } from './decision.ts';
import { LIMITS } from './limits.ts';
import { digest, instant, jobId, principalId, tenantName, topicName, uuid } from './names.ts';

/** `proposed`: one person would release it, and the policy asks for a second one. */
export const QUARANTINE_STATES = ['waiting', 'proposed', 'released', 'discarded'] as const;
export type QuarantineState = (typeof QUARANTINE_STATES)[number];

export const REVIEW_ACTIONS = ['opened', 'proposed', 'released', 'discarded'] as const;
export type ReviewAction = (typeof REVIEW_ACTIONS)[number];

const reviewReason = z.string().min(1).max(LIMITS.reason_chars);

export const reviewRequest = z.strictObject({ reason: reviewReason });

/** RFC 6901, of a place inside the output; never its root. */
const pointer = z
  .string()
  .max(LIMITS.pointer_chars)
  .regex(/^(\/([^~/]|~[01])*)+$/, 'must be a JSON pointer (RFC 6901) into the output');

export const releaseRequest = z.strictObject({
  reason: reviewReason,
  /** `output_digest` of what was opened. */
  digest,
  /** Everything that any scanner finds is taken out as well. With this or `remove` no file of it leaves. */
  redact: z.boolean().default(false),
  /** Places that are taken out besides. */
  remove: z.array(pointer).max(LIMITS.policy_list).default([]),
});
export type ReleaseRequest = z.input<typeof releaseRequest>;

export const outputReview = z.object({
  action: z.enum(REVIEW_ACTIONS),
  reviewer: principalId,
  reason: z.string(),
  at: instant,
});
export type OutputReview = z.infer<typeof outputReview>;

export const quarantined = z.object({
  tenant: tenantName,
  job_id: jobId,
  dispatch_id: uuid,
  topic: topicName,
  actor: principalId,
  owner: principalId.nullable(),
  /** The output rule that quarantined it; null where it could not be screened. */
  rule_id: z.string().nullable(),
  reason: z.string(),
  /** Types and places, never what was found. */
  findings: z.array(finding),
  output_digest: digest,
  screened_at: instant,
  state: z.enum(QUARANTINE_STATES),
  /** Oldest first. */
  reviews: z.array(outputReview),
});
export type Quarantined = z.infer<typeof quarantined>;

/** `artifacts`: its files as they are read now, and leave with it when it is released whole; of what was redacted, the copy. */
export const openedOutput = quarantined.extend({ output: z.unknown(), artifacts: z.array(shownArtifact).default([]) });
export type OpenedOutput = z.infer<typeof openedOutput>;
