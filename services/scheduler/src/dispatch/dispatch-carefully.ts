/**
 * Dispatches what the one statement does not: what is denied, fails, is held or stopped, and what has changed since it was
 * planned. One transaction that reads `control` before it judges; it redeems approvals, moves, delays and records.
 */
import { gate } from '@countersign/platform/control-gate';
import type { Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import { insertOffers } from '../follow/store-follow-ups.ts';
import { mayRedeem } from '../hold/approval-terms.ts';
import { boundRunning } from '../limits/bound-running.ts';
import { moveJobs } from '../move-jobs.ts';
import type { SchedulerContext } from '../scheduler-context.ts';
import { subjectsOf } from '../store-attempts.ts';
import { EVERY_TENANT, readPools } from '../store-pools.ts';
import type { Verdict } from './classify-dispatch.ts';
import { classifyDispatch } from './classify-dispatch.ts';
import type { DispatchItem } from './dispatch-item.ts';
import { roomOf } from './new-attempt.ts';
import type { DispatchPlan } from './plan-dispatch.ts';
import { planDispatch } from './plan-dispatch.ts';
import {
  delayJobs,
  insertAttempts,
  insertRunReviews,
  lockCleared,
  readInFlight,
  redeemApprovals,
  replaceEffective,
} from './store-dispatch.ts';

/** A job under a stop, or whose pool is full, is looked at again after this. */
const LATER_MS = 500;

type Judged = { item: DispatchItem; verdict: Verdict };

export async function dispatchCarefully(
  context: SchedulerContext,
  tx: Tx,
  items: readonly DispatchItem[],
): Promise<DispatchPlan> {
  const jobs = items.map((item) => item.job);
  const tenants = jobs.map((job) => job.tenant);
  const [state, pools, locked] = await Promise.all([
    gate(tx, tenants, jobs.flatMap(subjectsOf)),
    readPools(tx, [...tenants, EVERY_TENANT]),
    lockCleared(tx, jobs),
  ]);
  for (const [tenant, active] of Object.entries(state.policies)) context.known.epochs.set(tenant, active.epoch);
  const judged = items
    .filter((item) => locked.has(`${item.job.tenant}/${item.job.job_id}`))
    .map((item) => ({ item, verdict: classifyDispatch(item, state, pools) }));
  const places = await boundRunning(
    tx,
    judged.filter(({ verdict }) => 'pool' in verdict).map(({ item }) => item),
    state,
  );
  if (places.waiting.size > 0) context.known.waits = true;
  const { fitting, waiting } = await fitToPools(
    tx,
    judged.filter(({ item }) => !places.waiting.has(item)),
  );
  for (const { verdict } of judged)
    if ('pool' in verdict) context.known.rooms.set(verdict.pool.id, roomOf(verdict.pool.concurrency));
  const approvals = fitting.filter(({ verdict, item }) => verdict.kind === 'needs_approval' && mayRedeem(item));
  const redeemed = await redeemApprovals(
    tx,
    approvals.map(({ item }) => item),
  );
  const plan = planDispatch(fitting, redeemed);
  const stopped = fitting.filter(({ verdict }) => verdict.kind === 'stopped').map(({ item }) => item);
  const later = [...waiting, ...stopped].map((item) => item.job);
  const attempts = plan.attempts.map((sent) => sent.attempt);
  const sent = new Set(plan.attempts.map(({ job }) => job));
  const reviewed = fitting.filter(({ item }) => item.decision.obligations.review !== undefined && sent.has(item.job));
  await Promise.all([
    delayJobs(tx, later, LATER_MS),
    replaceEffective(tx, plan.renewed),
    moveJobs(tx, plan.moves),
    insertAttempts(tx, attempts),
    places.take(plan.attempts),
    insertRunReviews(
      tx,
      reviewed.map(({ item }) => item.job),
    ),
    insertOffers(tx, plan.offers),
    append(tx, plan.entries),
  ]);
  return plan;
}

/** Takes each pool's lock, so that two schedulers never count the same free slot. Jobs beyond the room wait. */
async function fitToPools(tx: Tx, judged: readonly Judged[]): Promise<{ fitting: Judged[]; waiting: DispatchItem[] }> {
  const wanted = new Set(judged.flatMap(({ verdict }) => ('pool' in verdict ? [verdict.pool.id] : [])));
  const inFlight = await readInFlight(tx, [...wanted].sort());
  const waiting: DispatchItem[] = [];
  const fitting = judged.filter(({ item, verdict }) => {
    if (!('pool' in verdict)) return true;
    const used = inFlight.get(verdict.pool.id) ?? 0;
    if (used >= roomOf(verdict.pool.concurrency)) {
      waiting.push(item);
      return false;
    }
    inFlight.set(verdict.pool.id, used + 1);
    return true;
  });
  return { fitting, waiting };
}
