/** Reads what the neighbouring stages decided, in views that they grant. */
import type { MadeOffer } from '@countersign/contracts/counter-offer';
import type { OutputDecision } from '@countersign/contracts/output';
import type { RESULT_STATUSES } from '@countersign/contracts/worker';
import type { Tx } from '@countersign/platform/database';

export type ScreenedOutcome = {
  dispatch_id: string;
  status: (typeof RESULT_STATUSES)[number];
  retryable: boolean;
  output_decision: OutputDecision;
  rule_id: string | null;
  output_digest: string;
  duration_ms: number;
};

const OUTCOMES = `
SELECT dispatch_id, status, retryable, output_decision, rule_id, output_digest, duration_ms
  FROM output.outcomes WHERE dispatch_id = ANY ($1::uuid[]) ORDER BY tenant, job_id`;

const OPEN = `
SELECT a.dispatch_id FROM unnest($1::uuid[]) AS k(dispatch_id)
 CROSS JOIN LATERAL (SELECT dispatch_id, state FROM scheduler.attempts WHERE dispatch_id = k.dispatch_id OFFSET 0) a
 WHERE a.state IN ('running', 'reported')`;

const SCREENED = `
SELECT a.dispatch_id FROM scheduler.attempts a JOIN output.outcomes o ON o.dispatch_id = a.dispatch_id
 WHERE a.under_way AND a.state IN ('running', 'reported') LIMIT $1`;

export type ApprovalOutcome = {
  tenant: string;
  job_id: string;
  held_seq: number;
  approval_id: string;
  state: 'granted' | 'refused' | 'expired' | 'withdrawn';
  counter_offer: MadeOffer | null;
};

const CLOSED = `
SELECT o.tenant, o.job_id, o.held_seq, o.approval_id, o.state, o.counter_offer
  FROM scheduler.jobs j JOIN approval.outcomes o ON o.tenant = j.tenant AND o.job_id = j.job_id AND o.held_seq = j.held_seq
 WHERE j.waiting = 'held' AND o.state IN ('granted', 'refused', 'expired', 'withdrawn')
 ORDER BY o.tenant, o.job_id LIMIT $1`;

export function readOutcomes(tx: Tx, ids: readonly string[]): Promise<ScreenedOutcome[]> {
  return tx.query<ScreenedOutcome>(OUTCOMES, [ids]);
}

/** Those of these attempts that have not ended. */
export async function stillOpen(tx: Tx, ids: readonly string[]): Promise<string[]> {
  const rows = await tx.query<{ dispatch_id: string }>(OPEN, [ids]);
  return rows.map((row) => row.dispatch_id);
}

/** Attempts under way whose output is screened, though the hint was lost. */
export async function screenedAttempts(tx: Tx, limit: number): Promise<string[]> {
  const rows = await tx.query<{ dispatch_id: string }>(SCREENED, [limit]);
  return rows.map((row) => row.dispatch_id);
}

/** Approvals that closed while their job is still held. */
export function closedApprovals(tx: Tx, limit: number): Promise<ApprovalOutcome[]> {
  return tx.query<ApprovalOutcome>(CLOSED, [limit]);
}
