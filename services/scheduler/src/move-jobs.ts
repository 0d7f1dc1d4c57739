/** The one place where a job's state changes. A move that the table of transitions does not list is a bug and crashes. */

import type { JobState } from '@countersign/contracts/states';
import { isTerminal, mayFollow } from '@countersign/contracts/states';
import type { Tx } from '@countersign/platform/database';
import { insertDeadLetters } from './follow/store-dead-letters.ts';
import { leaveQueues } from './limits/store-limits.ts';

/** Left out: stays as it is. */
export type Move = {
  tenant: string;
  job_id: string;
  from: JobState;
  to: JobState;
  reason?: string | undefined;
  decision?: string;
  rule_id?: string | null;
  policy_version?: number;
  policy_snapshot?: string;
  policy_epoch?: number;
  effective_digest?: string;
  approval_id?: string | null;
  approval_terms?: object;
  attempt?: number;
  pool?: string;
  /** 1 when the attempt was claimed. */
  runs?: number;
  /** Milliseconds until it may be dispatched again. */
  delay_ms?: number;
  result_dispatch_id?: string;
};

const MOVE = `
UPDATE scheduler.jobs j
   SET state = m."to",
       reason = coalesce(m.reason, CASE WHEN m."to" IN ('cleared', 'dispatched', 'running') THEN NULL ELSE j.reason END),
       decision = coalesce(m.decision, j.decision),
       rule_id = CASE WHEN m.decision IS NULL THEN j.rule_id ELSE m.rule_id END,
       policy_version = coalesce(m.policy_version, j.policy_version),
       policy_snapshot = coalesce(m.policy_snapshot, j.policy_snapshot),
       policy_epoch = coalesce(m.policy_epoch, j.policy_epoch),
       effective_digest = coalesce(m.effective_digest, j.effective_digest),
       approval_terms = coalesce(m.approval_terms, j.approval_terms),
       approval_id = CASE WHEN m."to" = 'held' THEN NULL ELSE coalesce(m.approval_id, j.approval_id) END,
       held_seq = j.held_seq + CASE WHEN m."to" = 'held' THEN 1 ELSE 0 END,
       attempt = coalesce(m.attempt, j.attempt),
       runs = j.runs + coalesce(m.runs, 0),
       pool = coalesce(m.pool, j.pool),
       not_before = CASE WHEN m.delay_ms IS NULL THEN j.not_before
                         ELSE clock_timestamp() + m.delay_ms * interval '1 millisecond' END,
       result_dispatch_id = coalesce(m.result_dispatch_id, j.result_dispatch_id),
       updated_at = clock_timestamp()
  FROM jsonb_to_recordset($1::jsonb) AS m(tenant text, job_id text, "from" text, "to" text, reason text, decision text,
       rule_id text, policy_version bigint, policy_snapshot text, policy_epoch bigint, effective_digest text,
       approval_id uuid, approval_terms jsonb, attempt integer, pool text, runs integer, delay_ms bigint, result_dispatch_id uuid)
 CROSS JOIN LATERAL (SELECT ctid FROM scheduler.jobs WHERE tenant = m.tenant AND job_id = m.job_id OFFSET 0) at
 WHERE j.ctid = at.ctid AND j.state = m."from"`;

/** What ends so waits for somebody to retry or discard it. */
const DEAD: readonly JobState[] = ['failed', 'timed_out'];

/** The rows must be locked and their states known: every move counts, or the transaction is a bug. */
export async function moveJobs(tx: Tx, moves: readonly Move[]): Promise<void> {
  if (moves.length === 0) return;
  for (const move of moves) {
    if (!mayFollow(move.from, move.to)) throw new Error(`no job may go from ${move.from} to ${move.to}`);
  }
  await leaveQueues(
    tx,
    moves.filter(({ from }) => from === 'parked'),
  );
  const moved = await tx.query(`${MOVE} RETURNING 1`, [JSON.stringify(moves)]);
  if (moved.length !== moves.length)
    throw new Error(`${moves.length - moved.length} job(s) were not where they were locked`);
  await insertDeadLetters(
    tx,
    moves.filter(({ to }) => DEAD.includes(to)),
  );
}

export function endedStates(moves: readonly Move[]): JobState[] {
  return moves.map((move) => move.to).filter(isTerminal);
}
