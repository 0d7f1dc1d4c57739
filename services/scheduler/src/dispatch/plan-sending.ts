/** Plans the common step of the dispatch gate: a decided job goes to its pool as it is stored. Pure. */
import type { ControlState } from '@countersign/contracts/control';
import { type Decision, runningLimits } from '@countersign/contracts/decision';
import type { NewEntry } from '@countersign/contracts/ledger-entry';
import type { ChosenPool } from '../choose-pool.ts';
import { mayRedeem } from '../hold/approval-terms.ts';
import type { PoolList } from '../store-pools.ts';
import { classifyDispatch } from './classify-dispatch.ts';
import type { DispatchItem } from './dispatch-item.ts';
import { newAttempt, roomOf, type SentAttempt } from './new-attempt.ts';
import { dispatchedEntry } from './plan-dispatch.ts';

export type Sending = {
  item: DispatchItem;
  sent: SentAttempt;
  /** What `scheduler.dispatch` takes. */
  row: { room: number };
  entry: NewEntry;
};

/** Null for what ends, is held, waits, is bounded or reviewed, or would run in another form than the one stored: the careful path's. */
export function planSending(
  item: DispatchItem,
  control: ControlState,
  pools: ReadonlyMap<string, PoolList>,
): Sending | null {
  const { job, decision } = item;
  const verdict = classifyDispatch(item, control, pools);
  const redeems = verdict.kind === 'needs_approval';
  if (verdict.kind !== 'send' && !redeems) return null;
  if (redeems && !mayRedeem(item)) return null;
  if (isBound(decision, verdict.pool)) return null;
  if (decision.effective_digest !== job.effective_digest) return null;
  const sent = newAttempt(item, verdict.pool, redeems ? job.approval_id : null);
  const room = roomOf(verdict.pool.concurrency);
  const { rule_id, policy_version } = decision;
  const as_picked = { attempt: job.attempt, approval_id: job.approval_id, job_hash: job.job_hash, topic: job.topic };
  const row = { ...sent.attempt, ...as_picked, decision: decision.decision, rule_id, policy_version, redeems, room };
  return { item, sent, row, entry: dispatchedEntry(item, sent.attempt) };
}

/** By something that the one statement neither counts nor writes down. */
export function isBound({ constraints, obligations }: Decision, pool: ChosenPool): boolean {
  if (constraints.max_affected !== undefined || obligations.review !== undefined) return true;
  return pool.worker_concurrency !== undefined || runningLimits({ obligations }).length > 0;
}
