/**
 * Whether a job that is being admitted may be dispatched in the same step: both gates in one instant, under one lock. The
 * kernel sealed its answer as one that it would give again, it allows, and a pool takes the job. Pure.
 */
import type { ControlState } from '@countersign/contracts/control';
import { type Decision, finalDecision, isAllowed } from '@countersign/contracts/decision';
import type { NewEntry } from '@countersign/contracts/ledger-entry';
import type { SealKey } from '@countersign/ledger/decision-seal';
import { nowInstant } from '@countersign/platform/clock';
import { uuidv7 } from '@countersign/platform/ids';
import { classifyDispatch } from '../dispatch/classify-dispatch.ts';
import type { DispatchItem } from '../dispatch/dispatch-item.ts';
import { isKernelsWord } from '../dispatch/kernels-word.ts';
import { newAttempt, roomOf, type SentAttempt } from '../dispatch/new-attempt.ts';
import { dispatchedEntry } from '../dispatch/plan-dispatch.ts';
import { isBound } from '../dispatch/plan-sending.ts';
import type { PoolList } from '../store-pools.ts';
import type { Planned } from './plan-admissions.ts';
import type { NewContext } from './store-admissions.ts';

export type StraightThrough = {
  sent: SentAttempt;
  room: number;
  /** Arguments of `scheduler.admit` besides the job's row. */
  row: object;
  entry: NewEntry;
};
type Trust = { keys: readonly SealKey[]; now_ms: number };

export function straightThrough(
  plan: Planned,
  content: NewContext,
  control: ControlState,
  pools: ReadonlyMap<string, PoolList>,
  { keys, now_ms }: Trust,
): StraightThrough | null {
  const stood = finalDecision(plan.item.answer);
  const { reusable } = plan.item.answer;
  if (plan.state !== 'cleared' || reusable === null || !isAllowed(stood)) return null;
  if (Date.parse(reusable.until) <= now_ms) return null;
  if (!isKernelsWord(keys, { ...content, job_hash: plan.item.job_hash }, stood)) return null;
  const item = dispatchItemOf(plan, content, stood);
  const verdict = classifyDispatch(item, control, pools);
  if (verdict.kind !== 'send' || isBound(stood, verdict.pool)) return null;
  const sent = newAttempt(item, verdict.pool, null);
  const room = roomOf(verdict.pool.concurrency);
  return { sent, room, row: { ...sent.attempt, room }, entry: dispatchedEntry(item, sent.attempt) };
}

/** The decision of the dispatch gate: the same again, under a name and a time of its own. */
function dispatchItemOf({ item, pool }: Planned, content: NewContext, stood: Decision): DispatchItem {
  const again = { decision_id: uuidv7(), gate: 'dispatch' as const, decided_at: nowInstant(), cached: true };
  const { request, actor, answer, job_hash, salt, traceparent } = item;
  const effective = answer.effective!;
  return {
    decision: { ...stood, ...again },
    answer,
    decided_by: 'seal',
    job: {
      tenant: request.tenant,
      job_id: request.job_id,
      topic: effective.topic,
      capability: effective.capability,
      actor: actor.id,
      auth_method: actor.auth_method,
      owner: actor.owner,
      on_behalf_of: item.behind ?? null,
      job_hash,
      traceparent,
      effective_digest: stood.effective_digest,
      approval_id: null,
      held_seq: 0,
      attempt: 0,
      runs: 0,
      pool,
      policy_epoch: stood.policy_epoch,
      salt,
      rewritten: content.rewritten!,
      actor_json: content.actor,
      exceeded: null,
      stages: null,
    },
  };
}
