/**
 * Counts decided jobs against the limits of their decision, in the transaction that admits them: what has room is counted,
 * what has none is denied, held for an approval, or parked, as its rule says. Never called twice for one admission.
 */
import type { LimitAsked, LimitHit } from '@countersign/contracts/counted-limits';
import { admissionLimits, type Decision } from '@countersign/contracts/decision';
import type { JobState } from '@countersign/contracts/states';
import type { Tx } from '@countersign/platform/database';
import { uuidv7 } from '@countersign/platform/ids';
import { askInstead, describeExcess } from '@countersign/policy/apply-limits';
import { limitKey } from '@countersign/policy/limit-key';
import { type Reserved, reserve } from './store-limits.ts';

type Countable = {
  tenant: string;
  job_id: string;
  /** Milliseconds that a parked job waits at most. */
  deadline_ms: number;
  /** Of the policy that decided. */
  scope: string;
  decision: Decision;
};
/** `decision`: the one that stands now; null where the count changes nothing. */
export type Counted = { decision: Decision; state: JobState } | null;

/** One for each, in their order. */
export async function countJobs(tx: Tx, jobs: readonly Countable[]): Promise<Counted[]> {
  if (jobs.length === 0) return [];
  const items = jobs.map(({ tenant, job_id, deadline_ms, scope, decision }) => ({
    ...{ tenant, job_id, deadline_ms },
    limits: admissionLimits(decision).map((limit) => ({ ...limit, key: limitKey(scope, limit) })),
  }));
  const reserved = await reserve(tx, items);
  const outcomes: Counted[] = jobs.map(() => null);
  for (const each of reserved) outcomes[each.place - 1] = afterCount(jobs[each.place - 1]!.decision, each);
  return outcomes;
}

function afterCount(decision: Decision, { outcome, limit_id, used, asks, asks_used }: Reserved): Counted {
  if (outcome === 'room') return null;
  const limits = new Map(admissionLimits(decision).map((limit) => [limit.id, limit]));
  if (outcome === 'ask') {
    const asking = asks.map((id) => limits.get(id)!);
    const limited = asking.map((limit, i) => hit(limit, asks_used[i]!));
    return { state: 'held', decision: { ...asking.reduce(askInstead<Decision>, again(decision)), limited } };
  }
  const limit = limits.get(limit_id!)!;
  const stands = { ...again(decision), reason: describeExcess(limit), limited: [hit(limit, used!)] };
  if (outcome === 'park') return { state: 'parked', decision: stands };
  const nothing = { constraints: {}, obligations: {}, effective_digest: null };
  return { state: 'denied', decision: { ...stands, ...nothing, decision: 'deny' } };
}

/** Beside what the policy said, not in its place. */
function again(decision: Decision): Decision {
  return { ...decision, decision_id: uuidv7() };
}

function hit({ id, most, exceeded }: LimitAsked, used: string): LimitHit {
  return { id, most, used, exceeded };
}
