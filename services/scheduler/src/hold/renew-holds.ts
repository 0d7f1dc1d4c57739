/**
 * Asks again about held jobs after a change of policy: what was asked under another one can only be answered for nothing.
 * Each is decided anew, and is then held for a new question, denied, or cleared because nobody need be asked any more.
 */
import { stopFor } from '@countersign/contracts/control';
import type { NamedRequest } from '@countersign/contracts/job';
import { jobEntry } from '@countersign/contracts/job-entry';
import { runOf } from '@countersign/contracts/job-search';
import type { NewEntry } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import { gate } from '@countersign/platform/control-gate';
import type { Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import { errorFields } from '@countersign/platform/logger';
import { retryOneByOne } from '@countersign/platform/retry-one-by-one';
import { decideAgain } from '../dispatch/decide-again.ts';
import type { ClearedJob, DispatchItem } from '../dispatch/dispatch-item.ts';
import { replaceEffective } from '../dispatch/store-dispatch.ts';
import { insertOffers, offerIn } from '../follow/store-follow-ups.ts';
import { endedStates, type Move, moveJobs } from '../move-jobs.ts';
import type { SchedulerContext } from '../scheduler-context.ts';
import { approvalTerms } from './approval-terms.ts';
import { lockHeld, outdatedHolds } from './store-held.ts';
import { wakeHeld } from './wake-approval.ts';

type Renewal = { item: DispatchItem; move: Move; entry: NewEntry };

const REASON = 'the policy changed while the job was held';

/** Every round must move something, or it would go round for ever. */
export async function renewHolds(context: SchedulerContext): Promise<void> {
  for (;;) {
    const jobs = await outdatedHolds(context.database, LIMITS.batch_rows);
    const moved = await retryOneByOne(
      jobs,
      (part) => renewTogether(context, part),
      ({ job_id }, thrown) => context.log.error({ ...errorFields(thrown), job_id }, 'a hold cannot be renewed'),
    );
    if (jobs.length < LIMITS.batch_rows || moved.every((moves) => moves === 0)) return;
  }
}

async function renewTogether(context: SchedulerContext, jobs: readonly ClearedJob[]): Promise<number> {
  const items = await decideAgain(context, jobs);
  const renewals = await context.database.transaction((tx) => commitRenewals(tx, items));
  const moves = renewals.map(({ move }) => move);
  for (const state of endedStates(moves)) context.metrics.count('jobs_ended_total', { state });
  wakeHeld(
    context,
    renewals.flatMap(({ item, move }) => (move.to === 'held' ? [item.job] : [])),
  );
  if (moves.some((move) => move.to === 'cleared')) context.nudgeDispatch();
  return moves.length;
}

async function commitRenewals(tx: Tx, items: readonly DispatchItem[]): Promise<Renewal[]> {
  const jobs = items.map((item) => item.job);
  const state = await gate(
    tx,
    jobs.map((job) => job.tenant),
    jobs.map((job) => job.actor),
  );
  const held = await lockHeld(tx, jobs);
  const renewals = items.flatMap((item) => {
    const { job, decision } = item;
    const active = state.policies[job.tenant];
    const isHeld = held.has(`${job.tenant}/${job.job_id}/${job.held_seq}`);
    // Under a stop it waits as it is; decided under yet another policy, it is asked about in the next round.
    const run = runOf((JSON.parse(job.rewritten) as NamedRequest).labels);
    const stopped = stopFor(state, { ...job, pool: job.pool, agent: job.actor, run }) !== null;
    return isHeld && !stopped && active?.epoch === decision.policy_epoch ? [renew(item)] : [];
  });
  const renewed = renewals.filter(({ move }) => move.to !== 'denied').map(({ item }) => item);
  const denied = renewals.filter(({ move }) => move.to === 'denied');
  await Promise.all([
    insertOffers(
      tx,
      denied.map(({ item }) => offerIn(item.job, item.decision)).filter((offer) => offer !== null),
    ),
    replaceEffective(tx, renewed),
    moveJobs(
      tx,
      renewals.map(({ move }) => move),
    ),
    append(
      tx,
      renewals.map(({ entry }) => entry),
    ),
  ]);
  return renewals;
}

/** At this gate a remediation is an offer that a denial carries, as at dispatch. */
function renew(item: DispatchItem): Renewal {
  const { job, decision, answer } = item;
  const { tenant, job_id } = job;
  const runs = answer.effective !== null && decision.effective_digest !== null;
  const denied = decision.decision === 'deny' || decision.decision === 'remediate' || !runs;
  const asks = decision.decision === 'require_approval';
  const to = denied ? 'denied' : asks ? 'held' : 'cleared';
  const reason = denied ? decision.reason : REASON;
  const { rule_id, policy_version, policy_snapshot, policy_epoch } = decision;
  const move: Move = {
    ...{ tenant, job_id, from: 'held', to, reason, decision: decision.decision, rule_id },
    ...{ policy_version, policy_snapshot, policy_epoch },
    ...(denied ? {} : { effective_digest: decision.effective_digest! }),
    ...(asks && !denied ? { approval_terms: approvalTerms(decision, job.exceeded) } : {}),
  };
  const details = { state: to, decision, reason, ...(to === 'held' ? { held_seq: job.held_seq + 1 } : {}) };
  return { item, move, entry: jobEntry(`job_${to}`, job, details) };
}
