/**
 * The dispatch gate: cleared jobs that fit the pools' free slots are decided again, then, in one transaction that reads
 * `control` first, get their attempt, their redeemed approval and their evidence. Only then does a warrant leave.
 */
import type { Decision } from '@countersign/contracts/decision';
import type { NewEntry } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import { gate } from '@countersign/platform/control-gate';
import type { Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import { linger } from '@countersign/platform/linger';
import { errorFields } from '@countersign/platform/logger';
import { togetherOrAlone } from '@countersign/platform/together-or-alone';
import { wakeHeld } from '../hold/wake-approval.ts';
import { moveJobs } from '../move-jobs.ts';
import type { SchedulerContext } from '../scheduler-context.ts';
import { EVERY_TENANT, readPools } from '../store-pools.ts';
import type { DispatchItem, Verdict } from './classify-dispatch.ts';
import { classifyDispatch } from './classify-dispatch.ts';
import { decideAgain } from './decide-again.ts';
import type { DispatchPlan } from './plan-dispatch.ts';
import { planDispatch } from './plan-dispatch.ts';
import { publishAttempts } from './publish-attempts.ts';
import type { ClearedJob } from './store-dispatch.ts';
import {
  delayJobs,
  insertAttempts,
  lockCleared,
  pickCleared,
  readInFlight,
  redeemApprovals,
  replaceEffective,
} from './store-dispatch.ts';

/** A job under a stop, or whose pool is full, is looked at again after this. */
const LATER_MS = 500;
/** A job that fails alone is looked at again after this. */
const BROKEN_MS = 30_000;
/** Rounds of one sweep, so that a sweep ends. */
const ROUNDS = 64;

type Judged = { item: DispatchItem; verdict: Verdict };

/** Free slots and a small window, so that no worker waits for the next job. */
const roomOf = (concurrency: number): number => concurrency + Math.min(concurrency, LIMITS.dispatch_window);

/** Takes each pool's lock, so that two schedulers never count the same free slot. Jobs beyond the room wait. */
const fitToPools = async (
  tx: Tx,
  judged: readonly Judged[],
): Promise<{ fitting: Judged[]; waiting: DispatchItem[] }> => {
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
};

const commitBatch = async (
  context: SchedulerContext,
  tx: Tx,
  items: readonly DispatchItem[],
): Promise<DispatchPlan> => {
  const jobs = items.map((item) => item.job);
  const tenants = jobs.map((job) => job.tenant);
  const actors = jobs.map((job) => job.actor);
  const [state, pools, locked] = await Promise.all([
    gate(tx, tenants, actors),
    readPools(tx, [...tenants, EVERY_TENANT]),
    lockCleared(tx, jobs),
  ]);
  for (const [tenant, active] of Object.entries(state.policies)) context.known.epochs.set(tenant, active.epoch);
  const judged = items
    .filter((item) => locked.has(`${item.job.tenant}/${item.job.job_id}`))
    .map((item) => ({ item, verdict: classifyDispatch(item, state, pools) }));
  const { fitting, waiting } = await fitToPools(tx, judged);
  for (const { verdict } of judged)
    if ('pool' in verdict) context.known.rooms.set(verdict.pool.id, roomOf(verdict.pool.concurrency));
  const approvals = fitting.filter(
    ({ verdict, item }) => verdict.kind === 'needs_approval' && item.job.approval_id !== null,
  );
  const redeemed = await redeemApprovals(
    tx,
    approvals.map(({ item }) => item),
  );
  const plan = planDispatch(fitting, redeemed);
  const stopped = fitting.filter(({ verdict }) => verdict.kind === 'stopped').map(({ item }) => item);
  const later = [...waiting, ...stopped].map((item) => item.job);
  const attempts = plan.attempts.map((sent) => sent.attempt);
  await Promise.all([
    delayJobs(tx, later, LATER_MS),
    replaceEffective(tx, plan.renewed),
    moveJobs(tx, plan.moves),
    insertAttempts(tx, attempts),
    append(tx, plan.entries),
  ]);
  return plan;
};

const wasFailOpen = ({ kind, body }: NewEntry): boolean =>
  kind === 'job_dispatched' && (body.decision as Decision).fail_mode === 'open';

const dispatchTogether = async (context: SchedulerContext, picked: readonly ClearedJob[]): Promise<void> => {
  const items = await decideAgain(context, picked);
  if (items.length === 0) return;
  const plan = await context.database.transaction((tx) => commitBatch(context, tx, items));
  for (const move of plan.moves) {
    if (move.to === 'denied' || move.to === 'failed') context.metrics.count('jobs_ended_total', { state: move.to });
  }
  const open = plan.entries.filter(wasFailOpen).length;
  if (open > 0) context.metrics.count('dispatch_fail_open_total', {}, open);
  await publishAttempts(context, plan.attempts);
  wakeHeld(context, plan.held);
};

/** What cannot be dispatched even alone is a bug: it is told, and waits out of its neighbours' way. */
const setAside = async ({ database, log }: SchedulerContext, job: ClearedJob, thrown: unknown): Promise<void> => {
  log.error({ ...errorFields(thrown), job_id: job.job_id }, 'a job cannot be dispatched');
  await delayJobs(database, [job], BROKEN_MS);
};

const dispatchRound = async (context: SchedulerContext): Promise<number> => {
  const picked = await pickCleared(context.database, LIMITS.batch_rows, context.known.rooms);
  await togetherOrAlone(
    picked,
    (part) => dispatchTogether(context, part),
    (job, thrown) => setAside(context, job, thrown),
  );
  return picked.length;
};

/** Until nothing is left that fits: a full batch means there may be more. */
export const dispatchJobs = async (context: SchedulerContext): Promise<void> => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const picked = await dispatchRound(context);
    await linger(picked, 0);
    if (picked < LIMITS.batch_rows) return;
  }
};
