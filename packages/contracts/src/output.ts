/** What output-safety decides and what a reader gets after release. */
import { z } from 'zod';
import { finding } from './decision.ts';
import { digest, instant, jobId, principalId, tenantName, uuid } from './names.ts';
import { RESULT_STATUSES } from './worker.ts';

/** The least strict first. */
export const OUTPUT_DECISIONS = ['allow', 'redact', 'quarantine'] as const;
export type OutputDecision = (typeof OUTPUT_DECISIONS)[number];

export function isStricter(one: OutputDecision, other: OutputDecision): boolean {
  return OUTPUT_DECISIONS.indexOf(one) > OUTPUT_DECISIONS.indexOf(other);
}

/** The rule of a result that says too much was touched, or does not say how much. */
export const AFFECTED_RULE = 'built-in-affected';
/** The rule of a result that names an artifact that is not there, or is another. */
export const ARTIFACT_RULE = 'built-in-artifact';
/** The rule of an artifact that is no text, where the policy does not let such out. */
export const BINARY_RULE = 'built-in-binary';
/** Stands as the rule of a result that could not be read at all, and was therefore quarantined. */
export const UNREADABLE_RULE = 'built-in-unreadable';

export const resultView = z.object({
  tenant: tenantName,
  job_id: jobId,
  dispatch_id: uuid,
  attempt: z.int(),
  status: z.enum(RESULT_STATUSES),
  output_decision: z.enum(OUTPUT_DECISIONS),
  rule_id: z.string().nullable(),
  findings: z.array(finding),
  output_digest: digest,
  /** As screened: matches are replaced when the decision was `redact`. */
  output: z.unknown(),
  screened_at: instant,
  /** Set where people released it from quarantine: who, when, and whether something was taken out. */
  reviewed: z.object({ by: z.array(principalId), released_at: instant, redacted: z.boolean() }).optional(),
});
export type ResultView = z.infer<typeof resultView>;

/** The decision of the output gate as the ledger has it: types and places of findings, never what was found. */
export const screeningView = z.object({
  gate: z.literal('output'),
  dispatch_id: uuid,
  attempt: z.int(),
  decision: z.enum(OUTPUT_DECISIONS),
  rule_id: z.string().nullable(),
  reason: z.string(),
  findings: z.array(finding),
  output_digest: digest,
  /** Null where the tenant had no policy. */
  policy_version: z.int().nullable(),
  policy_snapshot: z.string().nullable(),
  policy_epoch: z.int().nullable(),
  fail_mode: z.literal('open').nullable(),
  decided_at: instant,
});
export type ScreeningView = z.infer<typeof screeningView>;
