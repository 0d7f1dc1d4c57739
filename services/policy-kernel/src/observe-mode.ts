/**
 * Decisions of a policy that only observes: the request runs as it was asked, and the decision says what would have
 * become of it. Ceilings hold all the same, and stops are the scheduler's; after `until` there is nothing to do here.
 */
import type { DecideItem, Decision } from '@countersign/contracts/decision';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { EFFECTIVE_DOMAIN, saltedDigest } from '@countersign/ledger/digest';
import { applyFacts, findTopic } from '@countersign/policy/apply-facts';
import { outsideCeiling } from '@countersign/policy/check-ceiling';
import type { CompiledPolicy } from '@countersign/policy/compiled-policy';
import { type DecideContext, type DecideOutcome, effectiveOf } from '@countersign/policy/decide';
import { decideWithoutRule } from './decide-without-rule.ts';

type Would = Pick<Decision, 'decision' | 'rule_id' | 'reason'>;

export function isObserving({ sources }: CompiledPolicy, now: string): boolean {
  const until = sources.policy.mode?.observe.until;
  return until !== undefined && Date.parse(now) < Date.parse(until);
}

/** The outcome itself when the policy enforces, or when a ceiling refuses. */
export function observe(
  policy: CompiledPolicy,
  item: DecideItem,
  context: DecideContext,
  outcome: DecideOutcome,
): DecideOutcome {
  if (!isObserving(policy, context.now)) return outcome;
  const { request, asserted } = withFacts(policy, item, context);
  if ([item.request, request].some((asked) => outsideCeiling(item.actor, asked) !== null)) return outcome;
  const first = outcome.ok ? outcome.answer.decisions[0]! : null;
  const effective = effectiveOf({ request, standing: { constraints: {} } }, item.actor);
  const decision = decideWithoutRule(policy, item, context, {
    ...passing(wouldBe(outcome)),
    matched_rules: first?.matched_rules ?? [],
    effective_digest: saltedDigest(EFFECTIVE_DOMAIN, Buffer.from(item.salt, 'base64url'), canonicalize(effective)),
    findings: first?.findings ?? [],
    asserted: first?.asserted ?? asserted,
  });
  const answer = { decisions: [decision], rewritten: request, effective };
  return { ok: true, answer, skipped: outcome.ok ? outcome.skipped : [], cacheable: outcome.ok && outcome.cacheable };
}

/** The server's facts still choose the pool. A request that contradicts them runs as it was asked. */
function withFacts(policy: CompiledPolicy, { request }: DecideItem, { simulation }: DecideContext) {
  const payloadKnown = simulation !== true || request.payload !== undefined;
  const facts = applyFacts(findTopic(policy, request.topic), request, { overrule: false, payloadKnown });
  return facts.ok ? facts : { request, asserted: [] };
}

function passing({ decision, rule_id, reason }: Would) {
  return {
    decision: 'allow' as const,
    reason: `observing only; the policy says ${decision}`,
    observed: { decision, rule_id, reason },
  };
}

/** The first decision says what the policy does to this very request; after a rewrite it would be another. */
function wouldBe(outcome: DecideOutcome): Would {
  if (outcome.ok) return outcome.answer.decisions[0]!;
  const { code, detail } = outcome.failure;
  return { decision: 'deny', rule_id: null, reason: `${code}: ${detail}` };
}
