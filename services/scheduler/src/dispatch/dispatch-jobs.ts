/**
 * The dispatch gate: cleared jobs that fit the pools' free slots are decided again, planned under the known state, and get
 * their attempt, their redeemed approval and their evidence in one statement that checks the plan. Only then does a warrant
 * leave. What the statement leaves takes the careful path.
 */
import type { Decision } from '@countersign/contracts/decision';
import type { NewEntry } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { waitForMore } from '@countersign/platform/batch-delay';
import { errorFields } from '@countersign/platform/logger';
import { retryOneByOne } from '@countersign/platform/retry-one-by-one';
import { wakeHeld } from '../hold/wake-approval.ts';
import { wakeWaiting } from '../limits/store-running.ts';
import type { SchedulerContext } from '../scheduler-context.ts';
import { subjectsOf } from '../store-attempts.ts';
import { dispatchStep } from '../store-steps.ts';
import { decideAgain } from './decide-again.ts';
import { dispatchCarefully } from './dispatch-carefully.ts';
import type { ClearedJob, DispatchItem } from './dispatch-item.ts';
import type { DispatchPlan } from './plan-dispatch.ts';
import { planSending, type Sending } from './plan-sending.ts';
import { offerAttempts } from './publish-attempts.ts';
import { delayJobs, pickCleared } from './store-dispatch.ts';

/** A job that fails alone is looked at again after this. */
const BROKEN_MS = 30_000;
/** Rounds of one sweep, so that a sweep ends. */
const ROUNDS = 64;

/** Until nothing is left that fits: a full batch means there may be more. */
export async function dispatchJobs(context: SchedulerContext): Promise<void> {
  if (context.known.waits) context.known.waits = await wakeWaiting(context.database);
  for (let round = 0; round < ROUNDS; round += 1) {
    const picked = await dispatchRound(context);
    await waitForMore(picked, 0);
    if (picked < LIMITS.batch_rows) return;
  }
}

async function dispatchRound(context: SchedulerContext): Promise<number> {
  const picked = await pickCleared(context.database, LIMITS.batch_rows, context.known.rooms);
  await retryOneByOne(
    picked,
    (part) => dispatchTogether(context, part),
    (job, thrown) => setAside(context, job, thrown),
  );
  return picked.length;
}

async function dispatchTogether(context: SchedulerContext, picked: readonly ClearedJob[]): Promise<void> {
  const items = await decideAgain(context, picked);
  if (items.length === 0) return;
  const { sent, left } = await sendTogether(context, items);
  for (const {
    sent: { attempt },
    row,
  } of sent)
    context.known.rooms.set(attempt.pool, row.room);
  offerAttempts(
    context,
    sent.map((sending) => sending.sent),
  );
  const plan = await dispatchLeft(context, left);
  for (const move of plan.moves) {
    if (move.to === 'denied' || move.to === 'failed') context.metrics.count('jobs_ended_total', { state: move.to });
  }
  const open = [...plan.entries, ...sent.map(({ entry }) => entry)].filter(wasFailOpen).length;
  if (open > 0) context.metrics.count('dispatch_fail_open_total', {}, open);
  offerAttempts(context, plan.attempts);
  wakeHeld(context, plan.held);
}

/** Sends what may go as it was planned, in one statement; the items that it left, which are looked at again. */
async function sendTogether(
  context: SchedulerContext,
  items: readonly DispatchItem[],
): Promise<{ sent: Sending[]; left: readonly DispatchItem[] }> {
  const jobs = items.map((item) => item.job);
  const tenants = jobs.map((job) => job.tenant);
  const known = await context.control.of(tenants, jobs.flatMap(subjectsOf));
  const sendings = items.flatMap((item) => planSending(item, known.control, known.pools) ?? []);
  if (sendings.length === 0) return { sent: [], left: items };
  await context.planned?.();
  const rows = sendings.map((sending) => sending.row);
  const bodies = sendings.map(({ entry }) => canonicalize(entry.body));
  const outcomes = await dispatchStep(context.database, known.control.revision, rows, bodies);
  if (outcomes === null) context.control.forget();
  const sent = sendings.filter((_, i) => outcomes?.[i] === 'sent');
  const gone = new Set(sent.map(({ item }) => item));
  return { sent, left: items.filter((item) => !gone.has(item)) };
}

async function dispatchLeft(context: SchedulerContext, items: readonly DispatchItem[]): Promise<DispatchPlan> {
  if (items.length === 0) return { moves: [], entries: [], attempts: [], held: [], renewed: [], offers: [] };
  context.control.forget();
  return context.database.transaction((tx) => dispatchCarefully(context, tx, items));
}

function wasFailOpen({ kind, body }: NewEntry): boolean {
  return kind === 'job_dispatched' && (body.decision as Decision).fail_mode === 'open';
}

/** A job that fails even alone is a bug: log it and delay it, so that it does not block the others. */
async function setAside({ database, log }: SchedulerContext, job: ClearedJob, thrown: unknown): Promise<void> {
  log.error({ ...errorFields(thrown), job_id: job.job_id }, 'a job cannot be dispatched');
  await delayJobs(database, [job], BROKEN_MS);
}
