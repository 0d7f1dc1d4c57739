/** Sends attempts to their pools, each under its dispatch id: sending again after a crash or a silence is harmless. */
import { subjects } from '@countersign/contracts/subjects';
import type { DispatchMessage } from '@countersign/contracts/worker';
import type { Bus } from '@countersign/platform/bus';
import { nowMs } from '@countersign/platform/clock';
import type { SchedulerContext } from '../scheduler-context.ts';
import type { SentAttempt } from './new-attempt.ts';
import { maySignTogether, type SignedClaims } from './sign-warrant.ts';

type Publishable = Pick<SentAttempt, 'attempt' | 'effective'> & {
  job: { salt: string; job_hash: string; traceparent: string };
};
type Message = Parameters<Bus['offer']>;

/**
 * Nobody waits for the stream's word: an attempt that was not stored stays unclaimed, and is sent again by the sweep. The
 * sweep waits for it, and says what is wrong.
 */
export function offerAttempts(context: SchedulerContext, sent: readonly Publishable[]): void {
  for (const [pool, ofPool] of Map.groupBy(sent, ({ attempt }) => attempt.pool)) {
    const together = context.readers.all(pool) ? ofPool.filter(({ attempt }) => maySignTogether(attempt)) : [];
    const several = new Set(together.length > 1 ? together : []);
    for (const each of signTogether(context, [...several])) context.bus.offer(...each);
    for (const each of ofPool) if (!several.has(each)) context.bus.offer(...signAlone(context, each));
  }
}

/** An attempt that could not be sent stays due; the next sweep sends it again. */
export async function publishAttempts(context: SchedulerContext, sent: readonly Publishable[]): Promise<void> {
  const outcomes = await Promise.allSettled(
    sent.map((each) => context.bus.publish('DISPATCH', ...signAlone(context, each))),
  );
  const missed = outcomes.filter((outcome) => outcome.status === 'rejected').length;
  if (missed > 0) context.log.warn({ missed }, 'warrants not sent; the sweep sends them again');
}

/** All of one pool. */
function signTogether(context: SchedulerContext, sent: readonly Publishable[]): Message[] {
  if (sent.length === 0) return [];
  context.metrics.count('warrant_signatures_total', { pool: sent[0]!.attempt.pool });
  const warrants = context.warrants.signTogether(sent.map(claimsOf), nowS());
  return sent.map((each, i) => toMessage(context, each, warrants[i]!));
}

function signAlone(context: SchedulerContext, each: Publishable): Message {
  context.metrics.count('warrant_signatures_total', { pool: each.attempt.pool });
  return toMessage(context, each, context.warrants.sign(claimsOf(each), nowS()));
}

function toMessage(context: SchedulerContext, { attempt, effective, job }: Publishable, warrant: string): Message {
  const { pool, tenant, dispatch_id } = attempt;
  context.metrics.count('dispatches_total', { pool });
  const { salt, traceparent } = job;
  const message: DispatchMessage = { warrant, salt, effective, traceparent };
  return [subjects.dispatch(pool, tenant, effective.topic), message, { msg_id: dispatch_id, traceparent }];
}

function claimsOf({ attempt, job }: Publishable): SignedClaims {
  return {
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
  };
}

function nowS(): number {
  return Math.floor(nowMs() / 1000);
}
