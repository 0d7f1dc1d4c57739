/** What output-safety decides and what a reader gets after release. */
import { z } from 'zod';
import { finding } from './decision.ts';
import { digest, instant, jobId, tenantName, uuid } from './names.ts';
import { RESULT_STATUSES } from './worker.ts';

export const OUTPUT_DECISIONS = ['allow', 'redact', 'quarantine'] as const;
export type OutputDecision = (typeof OUTPUT_DECISIONS)[number];

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
});
export type ResultView = z.infer<typeof resultView>;
