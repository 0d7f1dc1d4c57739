/**
 * Ends jobs whose output was screened, or starts the next attempt. One transaction per batch: `control` is read first,
 * so that a stop also holds at release; the job then names the dispatch id whose content may be read.
 */

import type { ControlState } from '@countersign/contracts/control';
import { stopFor } from '@countersign/contracts/control';
import { jobEntry } from '@countersign/contracts/job-entry';
import type { NewEntry } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import { uuid } from '@countersign/contracts/names';
import { AFFECTED_RULE, UNREADABLE_RULE } from '@countersign/contracts/output';
import { type JobKey, jobKey } from '@countersign/contracts/rpc-audit';
import type { JobState } from '@countersign/contracts/states';
import type { Hint } from '@countersign/platform/bus';
import { gate } from '@countersign/platform/control-gate';
import type { Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import { errorFields } from '@countersign/platform/logger';
import { retryOneByOne } from '@countersign/platform/retry-one-by-one';
import type { Move } from '../move-jobs.ts';
import { endedStates, moveJobs } from '../move-jobs.ts';
import { mayRetry, retryDelay } from '../retry/retry-attempt.ts';
import type { SchedulerContext } from '../scheduler-context.ts';
import type { LockedAttempt } from '../store-attempts.ts';
import { closeAttempts, isRevoked, lockAttempts, readParties, tenantsAndSubjects } from '../store-attempts.ts';
import type { ScreenedOutcome } from './store-outcomes.ts';
import { readOutcomes, screenedAttempts, stillOpen } from './store-outcomes.ts';

type End = { to: JobState; reason: string | null };

const REPORTED = 'the worker reported a failure';
const FAILED: Readonly<Record<string, string>> = {
  [UNREADABLE_RULE]: 'the result could not be read',
  [AFFECTED_RULE]: 'the run touched more than it may, or did not say how much',
};

/** Under a stop nothing is released, and a retry has nothing to show yet. What was quarantined is named and stays sealed. */
const RELEASING: readonly JobState[] = ['succeeded', 'quarantined', 'failed', 'timed_out'];

export function endOf(attempt: LockedAttempt, outcome: ScreenedOutcome, state: ControlState): End {
  const stop = stopFor(state, { ...attempt, agent: attempt.actor });
  if (stop) return { to: 'cancelled', reason: `stopped by switch ${stop.switch_id}` };
  if (isRevoked(attempt, state)) return { to: 'cancelled', reason: 'identity revoked' };
  switch (outcome.status) {
    case 'succeeded':
      return outcome.output_decision === 'quarantine'
        ? { to: 'quarantined', reason: `output quarantined by ${outcome.rule_id ?? 'default'}` }
        : { to: 'succeeded', reason: null };
    case 'timed_out':
      return { to: 'timed_out', reason: 'the attempt ran out of time' };
    case 'stopped':
      if (attempt.ran_out) return { to: 'timed_out', reason: 'the attempt ran out of time' };
      return afterFailure(attempt, true);
    case 'failed':
      return afterFailure(attempt, outcome.retryable, FAILED[outcome.rule_id ?? ''] ?? REPORTED);
  }
}

/** The attempt that a hint names, or none. */
export function dispatchIdOf({ body }: Hint): string[] {
  const named = uuid.safeParse((body as { dispatch_id?: unknown } | null)?.dispatch_id);
  return named.success ? [named.data] : [];
}

/** Its job, where somebody waits for the end at a door. */
export function waitedJobOf({ body }: Hint): JobKey[] {
  const { tenant, job_id, waited } = (body ?? {}) as Partial<Record<string, unknown>>;
  const named = jobKey.safeParse({ tenant, job_id });
  return waited === true && named.success ? [named.data] : [];
}

/** How many of these attempts ended, or came back for another one. */
export async function endJobs(context: SchedulerContext, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0;
  const { database } = context;
  const ends = await retryOneByOne(
    [...new Set(ids)].sort(),
    (part) => database.transaction((tx) => commitEnds(tx, part)),
    (dispatch_id, thrown) => context.log.error({ ...errorFields(thrown), dispatch_id }, 'an attempt cannot be ended'),
  );
  const moves = ends.flat();
  for (const state of endedStates(moves)) context.metrics.count('jobs_ended_total', { state });
  if (moves.length > 0) context.nudgeDispatch();
  return moves.length;
}

/** Finds screened attempts whose hint was lost. Every round must end something, or the loop would not end. */
export async function sweepScreened(context: SchedulerContext): Promise<void> {
  for (;;) {
    const ids = await screenedAttempts(context.database, LIMITS.batch_rows);
    const ended = await endJobs(context, ids);
    if (ids.length < LIMITS.batch_rows || ended === 0) return;
  }
}

/** After a hint: what was ended together with its screening has left a slot that somebody waits for. */
export async function endScreened(context: SchedulerContext, ids: readonly string[]): Promise<void> {
  await endJobs(context, await stillOpen(context.database, ids));
  context.nudgeDispatch();
}

function afterFailure(attempt: LockedAttempt, retryable: boolean, reason = REPORTED): End {
  if (attempt.cancel_requested_by !== null)
    return { to: 'cancelled', reason: `cancelled by ${attempt.cancel_requested_by}` };
  if (attempt.past_deadline) return { to: 'timed_out', reason: 'deadline passed' };
  if (retryable && mayRetry(attempt)) return { to: 'cleared', reason: 'retry after a failed attempt' };
  return { to: 'failed', reason };
}

async function commitEnds(tx: Tx, ids: readonly string[]): Promise<Move[]> {
  const parties = await readParties(tx, ids);
  const [state, attempts, outcomes] = await Promise.all([
    gate(tx, ...tenantsAndSubjects(parties)),
    lockAttempts(tx, parties),
    readOutcomes(tx, ids),
  ]);
  const open = outcomes.flatMap((outcome) => {
    const attempt = attempts.get(outcome.dispatch_id);
    const current =
      attempt &&
      (attempt.attempt_state === 'running' || attempt.attempt_state === 'reported') &&
      attempt.job_state === 'running';
    return current ? [{ attempt, outcome }] : [];
  });
  const plans = open.map(({ attempt, outcome }) => planEnd(attempt, outcome, state));
  const moves = plans.map((plan) => plan.move);
  const ended = open.map(({ attempt }) => attempt.dispatch_id);
  const entries = plans.map((plan) => plan.entry);
  await Promise.all([moveJobs(tx, moves), closeAttempts(tx, ended, 'ended'), append(tx, entries)]);
  return moves;
}

function planEnd(
  attempt: LockedAttempt,
  outcome: ScreenedOutcome,
  state: ControlState,
): { move: Move; entry: NewEntry } {
  const end = endOf(attempt, outcome, state);
  const { tenant, job_id, dispatch_id } = attempt;
  const move: Move = {
    tenant,
    job_id,
    from: 'running',
    to: end.to,
    reason: end.reason ?? undefined,
    ...(end.to === 'cleared' ? { delay_ms: retryDelay(attempt) } : {}),
    ...(RELEASING.includes(end.to) ? { result_dispatch_id: dispatch_id } : {}),
  };
  const entry = jobEntry(`job_${end.to}`, attempt, {
    state: end.to,
    dispatch_id,
    attempt: attempt.attempt,
    pool: attempt.pool,
    worker: attempt.worker,
    status: outcome.status,
    duration_ms: outcome.duration_ms,
    output_decision: outcome.output_decision,
    output_digest: outcome.output_digest,
    released: RELEASING.includes(end.to),
    reason: end.reason,
  });
  return { move, entry };
}
