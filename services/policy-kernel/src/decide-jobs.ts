/**
 * Answers `rpc.policy.decide`: each item by the policy that is active for its tenant, from the cache where the dispatch
 * gate asks again about what was allowed. Without a valid policy, or only an older one, nothing is decided.
 */
import { type DecideAnswer, type DecideItem, finalDecision, type Judged } from '@countersign/contracts/decision';
import { CountersignError, type Failure } from '@countersign/contracts/errors';
import type { RpcAnswer } from '@countersign/contracts/rpc';
import { nowInstant } from '@countersign/platform/clock';
import { uuidv7 } from '@countersign/platform/ids';
import type { Metrics } from '@countersign/platform/metrics';
import { type ActivePolicies, policyFor } from './active-policies.ts';
import { decideUnder, hasEnded } from './decide-under.ts';
import { type DecidedUnder, type DecisionCache, questionOf } from './decision-cache.ts';
import { isObserving } from './observe-mode.ts';
import { historyFor, type KnownRun } from './read-runs.ts';
import type { Scans } from './scan-apart.ts';
import type { Sealer } from './seal-answer.ts';

type DecideParts = {
  policies: ActivePolicies;
  cache: DecisionCache;
  sealer: Sealer;
  metrics: Metrics;
  /** Left out, everything is scanned while it is decided. */
  scans?: Pick<Scans, 'of'>;
  /** What was read of an item's run; undefined when nothing was. */
  runOf?: (item: DecideItem) => KnownRun | undefined;
};
export type ItemAnswer = RpcAnswer<'policy.decide'>['answers'][number];

/** Whether an item wants a newer policy than this replica has loaded. */
export function isBehind(policies: ActivePolicies, { request, min_epoch }: DecideItem): boolean {
  return (policies.of(request.tenant)?.epoch ?? 0) < min_epoch;
}

export function decideJob(parts: DecideParts, item: DecideItem): ItemAnswer {
  const { policies, cache, sealer, metrics } = parts;
  const scans = parts.scans?.of(item);
  const failed = (error: Failure): ItemAnswer => ({ ok: false, error });
  try {
    const active = policyFor(policies, item.request.tenant);
    if (isBehind(policies, item)) throw new CountersignError('epoch_stale');
    const now = nowInstant();
    const history = historyFor(parts.runOf?.(item), active.policy.run);
    // The policy began to ask, or asks about other jobs, since it was read: whoever asked asks again.
    if (active.policy.run !== null && history === undefined) throw new CountersignError('overloaded');
    const ended = hasEnded(active, now);
    if (ended) metrics.count('policy_expired_total', { gate: item.gate });
    const under = { epoch: active.epoch, observing: isObserving(active.policy, now) };
    const isFirst = (scans?.known.length ?? 0) === 0;
    const known = item.gate === 'dispatch' && !ended && isFirst ? cache.get(questionOf(under, item)) : null;
    if (known !== null)
      return { ok: true, value: counted(metrics, sealer.sealUntil(again(known, now), known.reusable?.until ?? null)) };
    const outcome = decideUnder(active, item, {
      now,
      ...(scans !== undefined && { scans }),
      ...(history !== undefined && { history }),
    });
    // Nobody hears of it: it is decided again once that was scanned.
    if (scans !== undefined && scans.wanted !== null) return failed(new CountersignError('overloaded').toFailure());
    if (!outcome.ok) return failed(outcome.failure);
    const answer = sealer.seal(outcome, now, active.ends_at);
    if (outcome.cacheable) remember(cache, under, item, answer);
    return { ok: true, value: counted(metrics, answer) };
  } catch (thrown) {
    if (thrown instanceof CountersignError) return failed(thrown.toFailure());
    throw thrown;
  }
}

function counted(metrics: Metrics, answer: DecideAnswer): DecideAnswer {
  for (const { gate, decision, observed } of answer.decisions) {
    metrics.count('decisions_total', { gate, decision });
    if (observed !== undefined) metrics.count('policy_observed_total', { gate, decision: observed.decision });
  }
  return answer;
}

/** The decision that stood, made anew: its own id, gate and time. Rewrites happened at the submit gate, once. */
function again(answer: DecideAnswer, now: string): Judged {
  return {
    rewritten: answer.rewritten,
    effective: answer.effective,
    decisions: [{ ...finalDecision(answer), decision_id: uuidv7(), gate: 'dispatch', cached: true, decided_at: now }],
  };
}

/** Only what may run is worth remembering: a denied job never comes to the dispatch gate. */
function remember(cache: DecisionCache, under: DecidedUnder, item: DecideItem, answer: DecideAnswer): void {
  if (answer.rewritten !== null) cache.set(questionOf(under, item, answer.rewritten), answer);
}
