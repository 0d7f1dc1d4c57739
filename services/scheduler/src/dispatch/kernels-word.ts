/**
 * The kernel's own word about a job, known again by its seal, whoever carried it. What it sealed it would say again, under
 * the same epoch and until then.
 */
import type { Decision } from '@countersign/contracts/decision';
import { isSealed, type SealKey } from '@countersign/ledger/decision-seal';

/** The answer of the submit gate as it is stored: canonical JSON, exactly as sealed. */
export type StoredAnswer = {
  tenant: string;
  job_id: string;
  job_hash: string;
  decisions: string;
  rewritten: string | null;
  effective: string | null;
  /** Null when the kernel gave no word for later. */
  sealed_until: string | null;
  seal: string | null;
};

/** `stood`: the last of its decisions. Says nothing about time and epoch. */
export function isKernelsWord(keys: readonly SealKey[], answer: StoredAnswer, stood: Decision): boolean {
  const { tenant, job_id, job_hash, decisions, rewritten, effective, sealed_until, seal } = answer;
  const { effective_digest, policy_epoch } = stood;
  if (sealed_until === null || seal === null) return false;
  if (rewritten === null || effective === null || effective_digest === null) return false;
  const named = { tenant, job_id, job_hash, effective_digest, policy_epoch, until: sealed_until };
  return isSealed(keys, { ...named, decisions, rewritten, effective }, seal);
}
