/** Sends attempts to their pools, each under its dispatch id: sending again after a crash or a silence is harmless. */
import { subjects } from '@countersign/contracts/subjects';
import type { DispatchMessage } from '@countersign/contracts/worker';
import type { Bus } from '@countersign/platform/bus';
import { nowMs } from '@countersign/platform/clock';
import type { SchedulerContext } from '../scheduler-context.ts';
import type { SentAttempt } from './new-attempt.ts';

type Publishable = Pick<SentAttempt, 'attempt' | 'effective'> & {
  job: { salt: string; job_hash: string; traceparent: string };
};

/**
 * Nobody waits for the stream's word: an attempt that was not stored stays unclaimed, and is sent again by the sweep. The
 * sweep waits for it, and says what is wrong.
 */
export function offerAttempts(context: SchedulerContext, sent: readonly Publishable[]): void {
  for (const each of sent) context.bus.offer(...prepare(context, each));
}

/** An attempt that could not be sent stays due; the next sweep sends it again. */
export async function publishAttempts(context: SchedulerContext, sent: readonly Publishable[]): Promise<void> {
  const outcomes = await Promise.allSettled(
    sent.map((each) => context.bus.publish('DISPATCH', ...prepare(context, each))),
  );
  const missed = outcomes.filter((outcome) => outcome.status === 'rejected').length;
  if (missed > 0) context.log.warn({ missed }, 'warrants not sent; the sweep sends them again');
}

function prepare(context: SchedulerContext, each: Publishable): Parameters<Bus['offer']> {
  const { pool, tenant, dispatch_id } = each.attempt;
  const subject = subjects.dispatch(pool, tenant, each.effective.topic);
  context.metrics.count('dispatches_total', { pool });
  return [subject, toMessage(context, each), { msg_id: dispatch_id, traceparent: each.job.traceparent }];
}

function toMessage(context: SchedulerContext, { attempt, effective, job }: Publishable): DispatchMessage {
  return {
    warrant: context.warrants.sign(
      {
        aud: attempt.pool,
        sub: `${attempt.tenant}/${attempt.job_id}`,
        jti: attempt.dispatch_id,
        attempt: attempt.attempt,
        job_hash: job.job_hash,
        effective_digest: attempt.effective_digest,
        payload_digest: attempt.payload_digest,
        policy_snapshot: attempt.policy_snapshot,
        decision_id: attempt.decision_id,
        approval_id: attempt.approval_id,
      },
      Math.floor(nowMs() / 1000),
    ),
    salt: job.salt,
    effective,
    traceparent: job.traceparent,
  };
}
