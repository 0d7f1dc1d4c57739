/** Tells the others how an approval ended, after the commit: metrics, and a wake-up that holds keys only. */
import { CountersignError } from '@countersign/contracts/errors';
import { subjects } from '@countersign/contracts/subjects';
import { errorFields } from '@countersign/platform/logger';
import type { ServiceContext } from '@countersign/platform/service';
import { childOf } from '@countersign/platform/trace';
import type { Approval } from './store.ts';

type Announcing = Pick<ServiceContext<unknown>, 'bus' | 'metrics' | 'log'>;

/** A wake-up that gets lost costs time only: the scheduler's sweep reads `approval.outcomes`. */
export const announceOutcome = async ({ bus, metrics, log }: Announcing, approval: Approval): Promise<void> => {
  metrics.count('approvals_closed_total', { state: approval.state });
  if (approval.state === 'voided') return;
  if (approval.state !== 'expired') {
    metrics.observe('approval_latency_seconds', {}, secondsBetween(approval.opened_at, approval.closed_at!));
  }
  const { tenant, job_id, approval_id, topic } = approval;
  const subject = approval.state === 'granted' ? subjects.granted(tenant, topic) : subjects.refused(tenant, topic);
  try {
    await bus.publish(subject, { tenant, job_id, approval_id }, { traceparent: childOf(approval.traceparent) });
  } catch (thrown) {
    if (!(thrown instanceof CountersignError)) throw thrown;
    log.warn({ ...errorFields(thrown), tenant, job_id, approval_id }, 'a wake-up is left to the sweep');
  }
};

const secondsBetween = (from: string, to: string): number => Math.max(0, Date.parse(to) - Date.parse(from)) / 1_000;
