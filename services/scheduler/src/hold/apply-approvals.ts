/** Moves held jobs on when their approval closed: granted ones to the dispatch gate, the others to their end. */

import { jobEntry } from '@countersign/contracts/job-entry';
import { LIMITS } from '@countersign/contracts/limits';
import type { JobState } from '@countersign/contracts/states';
import type { Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import { errorFields } from '@countersign/platform/logger';
import { retryOneByOne } from '@countersign/platform/retry-one-by-one';
import { type ApprovalOutcome, closedApprovals } from '../finish/store-outcomes.ts';
import { insertOffers, type NewOffer } from '../follow/store-follow-ups.ts';
import type { Move } from '../move-jobs.ts';
import { endedStates, moveJobs } from '../move-jobs.ts';
import type { SchedulerContext } from '../scheduler-context.ts';
import { lockHeld } from './store-held.ts';

const LEADS_TO: Readonly<Record<ApprovalOutcome['state'], JobState>> = {
  granted: 'cleared',
  refused: 'refused',
  expired: 'expired',
  withdrawn: 'cancelled',
};

/** Every round must move something, or it would go round for ever. */
export async function applyApprovals(context: SchedulerContext): Promise<void> {
  for (;;) {
    const closed = await closedApprovals(context.database, LIMITS.batch_rows);
    const moved = await applyTogether(context, closed);
    if (closed.length < LIMITS.batch_rows || moved === 0) return;
  }
}

async function applyTogether(context: SchedulerContext, closed: readonly ApprovalOutcome[]): Promise<number> {
  const { database } = context;
  const applied = await retryOneByOne(
    closed,
    (part) => database.transaction((tx) => commitApprovals(tx, part)),
    ({ job_id }, thrown) => context.log.error({ ...errorFields(thrown), job_id }, 'an approval cannot be applied'),
  );
  const moves = applied.flat();
  for (const state of endedStates(moves)) context.metrics.count('jobs_ended_total', { state });
  if (moves.some((move) => move.to === 'cleared')) context.nudgeDispatch();
  return moves.length;
}

function counterOfferIn({ tenant, job_id, counter_offer }: ApprovalOutcome): NewOffer | null {
  if (counter_offer === null) return null;
  const { offer_id: id, offered_by, reason, change } = counter_offer;
  return { tenant, job_id, source: 'approver', offered_by, reason, remediation: { id, applied: false, ...change } };
}

async function commitApprovals(tx: Tx, closed: readonly ApprovalOutcome[]): Promise<Move[]> {
  const held = await lockHeld(tx, closed);
  const moved = closed.flatMap((outcome) => {
    const job = held.get(`${outcome.tenant}/${outcome.job_id}/${outcome.held_seq}`);
    return job ? [{ job, outcome, to: LEADS_TO[outcome.state] }] : [];
  });
  const moves = moved.map(
    ({ job: { tenant, job_id }, outcome, to }): Move => ({
      tenant,
      job_id,
      from: 'held',
      to,
      approval_id: outcome.approval_id,
      ...(to === 'cleared' ? {} : { reason: `approval ${outcome.state}` }),
    }),
  );
  await moveJobs(tx, moves);
  await insertOffers(
    tx,
    moved.flatMap(({ outcome }) => counterOfferIn(outcome) ?? []),
  );
  await append(
    tx,
    moved.map(({ job, outcome, to }) =>
      jobEntry(`job_${to}`, job, { state: to, approval_id: outcome.approval_id, reason: `approval ${outcome.state}` }),
    ),
  );
  return moves;
}
