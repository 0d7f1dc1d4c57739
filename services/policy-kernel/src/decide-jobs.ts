/**
 * Answers `rpc.policy.decide`: each item by the policy that is active for its tenant, from the cache where the dispatch
 * gate asks again about what was allowed. Without a valid policy, or only an older one, nothing is decided.
 */
import { type DecideAnswer, type DecideItem, finalDecision } from '@countersign/contracts/decision';
import { CountersignError, type Failure } from '@countersign/contracts/errors';
import type { RpcAnswer } from '@countersign/contracts/rpc';
import { nowInstant, nowMs } from '@countersign/platform/clock';
import { uuidv7 } from '@countersign/platform/ids';
import type { Metrics } from '@countersign/platform/metrics';
import { decide } from '@countersign/policy/decide';
import type { ActivePolicies, ActivePolicy } from './active-policies.ts';
import { type CachedOutcome, cacheKey, type DecisionCache } from './decision-cache.ts';

export type DecideParts = { policies: ActivePolicies; cache: DecisionCache; metrics: Metrics };
export type ItemAnswer = RpcAnswer<'policy.decide'>['answers'][number];

/** Throws `policy_missing`. An expired policy is no policy: it is loudly absent, not quietly old. */
export const policyFor = (policies: ActivePolicies, tenant: string): ActivePolicy => {
  const active = policies.of(tenant);
  if (active === null) throw new CountersignError('policy_missing');
  const expired = active.not_after !== null && Date.parse(active.not_after) <= nowMs();
  if (expired) throw new CountersignError('policy_missing', `the policy of scope ${active.scope} has expired`);
  return active;
};

/** Whether an item wants a newer policy than this replica has loaded. */
export const isBehind = (policies: ActivePolicies, { request, min_epoch }: DecideItem): boolean =>
  (policies.of(request.tenant)?.epoch ?? 0) < min_epoch;

export const decideJob = (parts: DecideParts, item: DecideItem): ItemAnswer => {
  const { policies, cache, metrics } = parts;
  const failed = (error: Failure): ItemAnswer => ({ ok: false, error });
  try {
    const active = policyFor(policies, item.request.tenant);
    if (isBehind(policies, item)) throw new CountersignError('epoch_stale');
    const known = item.gate === 'dispatch' ? cache.get(cacheKey(active.epoch, item)) : null;
    if (known !== null) return { ok: true, value: counted(metrics, again(known)) };
    const outcome = decide(active.policy, item, { now: nowInstant(), epoch: active.epoch, decisionId: uuidv7 });
    if (!outcome.ok) return failed(outcome.failure);
    remember(cache, active.epoch, item, outcome);
    return { ok: true, value: counted(metrics, outcome.answer) };
  } catch (thrown) {
    if (thrown instanceof CountersignError) return failed(thrown.toFailure());
    throw thrown;
  }
};

/** Only what may run is worth remembering: a denied job never comes to the dispatch gate. */
const remember = (cache: DecisionCache, epoch: number, item: DecideItem, outcome: CachedOutcome): void => {
  const { rewritten } = outcome.answer;
  if (outcome.cacheable && rewritten !== null) cache.set(cacheKey(epoch, item, rewritten), outcome);
};

/** The decision that stood, made anew: its own id, gate and time. Rewrites happened at the submit gate, once. */
const again = ({ answer }: CachedOutcome): DecideAnswer => ({
  ...answer,
  decisions: [
    { ...finalDecision(answer), decision_id: uuidv7(), gate: 'dispatch', cached: true, decided_at: nowInstant() },
  ],
});

const counted = (metrics: Metrics, answer: DecideAnswer): DecideAnswer => {
  for (const { gate, decision } of answer.decisions) metrics.count('decisions_total', { gate, decision });
  return answer;
};
