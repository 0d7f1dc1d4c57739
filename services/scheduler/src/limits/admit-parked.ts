/**
 * Lets parked jobs on when their limit has room, in the order in which they came. Each is decided again first, under the
 * policy of now, and counted in the transaction that moves it; what still has no room stays where it is.
 */
import type { Decision } from '@countersign/contracts/decision';
import { jobEntry } from '@countersign/contracts/job-entry';
import type { NewEntry } from '@countersign/contracts/ledger-entry';
import type { JobState } from '@countersign/contracts/states';
import { nowMs } from '@countersign/platform/clock';
import { gate } from '@countersign/platform/control-gate';
import type { Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import { errorFields } from '@countersign/platform/logger';
import { decideAgain } from '../dispatch/decide-again.ts';
import type { DispatchItem } from '../dispatch/dispatch-item.ts';
import { replaceEffective } from '../dispatch/store-dispatch.ts';
import { approvalTerms } from '../hold/approval-terms.ts';
import { wakeHeld } from '../hold/wake-approval.ts';
import { endedStates, type Move, moveJobs } from '../move-jobs.ts';
import type { SchedulerContext } from '../scheduler-context.ts';
import { type Counted, countJobs } from './count-jobs.ts';
import { closeQueues, lockParked, type ParkedJob, parkedHeads } from './store-limits.ts';

type Going = { item: DispatchItem; move: Move; entry: NewEntry };

/** Rounds of one sweep, so that a sweep ends. */
const ROUNDS = 16;

export async function admitParked(context: SchedulerContext): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { jobs, empty } = await parkedHeads(context.database);
    await closeQueues(context.database, empty);
    if (jobs.length === 0 || (await admitHeads(context, jobs)) === 0) return;
  }
}

/** How many went on. */
async function admitHeads(context: SchedulerContext, jobs: readonly ParkedJob[]): Promise<number> {
  const items = await decideAgain(context, jobs);
  const going = await context.database
    .transaction((tx) => commitHeads(tx, items))
    .catch((thrown: unknown) => {
      context.log.error(errorFields(thrown), 'parked jobs cannot be let on');
      return [];
    });
  const moves = going.map(({ move }) => move);
  for (const state of endedStates(moves)) context.metrics.count('jobs_ended_total', { state });
  const held = going.filter(({ move }) => move.to === 'held');
  wakeHeld(
    context,
    held.map(({ item }) => item.job),
  );
  if (moves.some(({ to }) => to === 'cleared')) context.nudgeDispatch();
  return going.length;
}

async function commitHeads(tx: Tx, items: readonly DispatchItem[]): Promise<Going[]> {
  const jobs = items.map(({ job }) => job as ParkedJob);
  const state = await gate(
    tx,
    jobs.map(({ tenant }) => tenant),
    jobs.map(({ actor }) => actor),
  );
  const locked = await lockParked(tx, jobs);
  const judged = items.filter(({ job, decision }) => {
    const active = state.policies[job.tenant];
    return locked.has(`${job.tenant}/${job.job_id}`) && active?.epoch === decision.policy_epoch;
  });
  const runs = judged.filter((item) => !isDenied(item) && !state.revoked.includes(item.job.actor));
  const counted = await countJobs(
    tx,
    runs.map(({ job, decision }) => ({
      ...{ tenant: job.tenant, job_id: job.job_id, decision },
      scope: state.policies[job.tenant]!.scope,
      deadline_ms: Math.max(0, Date.parse((job as ParkedJob).deadline_at) - nowMs()),
    })),
  );
  const going = judged.flatMap((item) => {
    const place = runs.indexOf(item);
    const count = place === -1 ? null : counted[place]!;
    return count?.state === 'parked' ? [] : [moveOn(item, count, place === -1)];
  });
  await Promise.all([
    replaceEffective(
      tx,
      going.filter(({ move }) => move.to !== 'denied').map(({ item }) => item),
    ),
    moveJobs(
      tx,
      going.map(({ move }) => move),
    ),
    append(
      tx,
      going.map(({ entry }) => entry),
    ),
  ]);
  return going;
}

/** At this gate a remediation is an offer that a denial carries, as at dispatch. */
function isDenied({ decision, answer }: DispatchItem): boolean {
  const nothing = answer.effective === null || decision.effective_digest === null;
  return nothing || decision.decision === 'deny' || decision.decision === 'remediate';
}

function moveOn(item: DispatchItem, counted: Counted, refused: boolean): Going {
  const { job } = item;
  const decision: Decision = counted?.decision ?? item.decision;
  const asks = decision.decision === 'require_approval';
  const to: JobState = refused || counted?.state === 'denied' ? 'denied' : asks ? 'held' : 'cleared';
  const reason =
    to !== 'cleared' ? (isDenied(item) || to === 'held' || counted ? decision.reason : 'identity revoked') : null;
  const { rule_id, policy_version, policy_snapshot, policy_epoch } = decision;
  const move: Move = {
    ...{ tenant: job.tenant, job_id: job.job_id, from: 'parked', to, decision: decision.decision, rule_id },
    ...{ policy_version, policy_snapshot, policy_epoch },
    ...(reason === null ? {} : { reason }),
    ...(to === 'denied' ? {} : { effective_digest: decision.effective_digest! }),
    ...(to === 'held' ? { approval_terms: approvalTerms(decision) } : {}),
  };
  const held = to === 'held' ? { held_seq: job.held_seq + 1 } : {};
  return { item, move, entry: jobEntry(`job_${to}`, job, { state: to, decision, reason, ...held }) };
}
