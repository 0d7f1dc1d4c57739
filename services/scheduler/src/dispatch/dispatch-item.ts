/** A cleared job at the dispatch gate, and what was decided about it. */
import type { ApprovalStage } from '@countersign/contracts/asked-approval';
import type { Decision, Judged } from '@countersign/contracts/decision';
import type { JobFacts } from '@countersign/contracts/job-entry';

export type ClearedJob = JobFacts & {
  /** As `writeChain` wrote it. */
  on_behalf_of: string | null;
  effective_digest: string | null;
  approval_id: string | null;
  held_seq: number;
  attempt: number;
  runs: number;
  pool: string | null;
  policy_epoch: number;
  salt: string;
  /** Canonical JSON of the request as the rules saw it last. */
  rewritten: string;
  actor_json: string;
  /** Limits that had no room when it was admitted, and ask for an approval then. */
  exceeded: string[] | null;
  /** Whose yes it was held for, last; null when it never was. */
  stages: ApprovalStage[] | null;
};

export type DispatchItem = {
  job: ClearedJob;
  answer: Judged;
  decision: Decision;
  /** Whether the kernel was asked, or its seal under an earlier answer was verified. */
  decided_by: 'kernel' | 'seal';
};
