/** The run record an auditor reads, made from the job's ledger chain alone. */
import { z } from 'zod';
import { recordedArtifact } from './artifact.ts';
import { approvalStage } from './asked-approval.ts';
import { decision } from './decision.ts';
import { inclusionView } from './evidence.ts';
import { instant } from './names.ts';
import { erasedView } from './retention.ts';

export const recordApprover = z.object({ approver: z.string(), vote: z.string(), stage: z.int(), voted_at: instant });

export const runRecord = z.object({
  run_id: z.string(),
  actor: z.string(),
  owner: z.string().nullable(),
  tenant: z.string(),
  topic: z.string(),
  capability: z.string().nullable(),
  state: z.string(),
  policy_decision: z.string(),
  matched_rule: z.string().nullable(),
  policy_version: z.int(),
  policy_snapshot: z.string(),
  job_hash: z.string(),
  effective_digest: z.string().nullable(),
  decisions: z.array(decision),
  approval: z
    .object({
      approval_id: z.string(),
      state: z.string(),
      approver: z.string().nullable(),
      approvers: z.array(recordApprover),
      /** The bounded grant that covered it, whose votes these are. */
      grant_id: z.string().optional(),
      approved_at: instant.nullable(),
      expires_at: instant,
      stages: z.array(approvalStage),
    })
    .nullable(),
  execution: z
    .object({
      pool: z.string(),
      worker: z.string().nullable(),
      attempts: z.int(),
      status: z.string(),
      duration_ms: z.int().nullable(),
    })
    .nullable(),
  output_safety: z.string().nullable(),
  /** Files of the result that counts, by the salted digest of each, as the ledger names them. */
  artifacts: z.array(recordedArtifact).default([]),
  /** Names of what is kept beside the ledger, with the digest of a result; no path leads there. */
  context_ref: z.string(),
  result_ref: z.string().nullable(),
  /** Content of it that is gone: what, when, why and who asked. Of evidence nothing ever is. */
  erased: z.array(erasedView).default([]),
  created_at: instant,
  ended_at: instant.nullable(),
  /** What the ledger itself says: the chain, its length, its head, whether every hash recomputes. */
  proof: z.object({
    chain: z.string(),
    entries: z.int(),
    head: z.string(),
    verified: z.boolean(),
    sealed: z.boolean(),
    leaf_indexes: z.array(z.int().nullable()),
    /** That the chain's head is in the log: the head covers all entries before it. Null until a checkpoint covers it. */
    inclusion: inclusionView.nullable(),
  }),
  /** Mandatory fields that this record lacks, by name; empty is complete. */
  missing: z.array(z.string()),
});
export type RunRecord = z.infer<typeof runRecord>;
