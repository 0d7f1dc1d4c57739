/** Tells the others how an approval ended, after the commit: metrics, and a hint that holds keys only. */
import { subjects } from '@countersign/contracts/subjects';
import type { ServiceContext } from '@countersign/platform/service';
import type { Approval } from './store.ts';

type Announcing = Pick<ServiceContext<unknown>, 'bus' | 'metrics'>;

/** A hint that gets lost costs time only: the scheduler's sweep reads `approval.outcomes`. */
export function announceOutcome({ bus, metrics }: Announcing, approval: Approval): void {
  metrics.count('approvals_closed_total', { state: approval.state });
  if (approval.state === 'voided') return;
  if (approval.state !== 'expired' && approval.by_grant === null) {
    metrics.observe('approval_latency_seconds', {}, secondsBetween(approval.opened_at, approval.closed_at!));
  }
  const { tenant, job_id, approval_id, topic } = approval;
  const subject = approval.state === 'granted' ? subjects.granted(tenant, topic) : subjects.refused(tenant, topic);
  bus.hint(subject, { tenant, job_id, approval_id });
}

function secondsBetween(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from)) / 1_000;
}
