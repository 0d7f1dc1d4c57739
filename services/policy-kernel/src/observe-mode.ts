/**
 * What a policy decides while it only observes: the request runs as it was asked, and the decision says what would have
 * become of it. Ceilings hold all the same, and stops are the scheduler's; after `until` there is nothing to do here.
 */
import type { DecideItem, Decision, EffectiveJob } from '@countersign/contracts/decision';
import type { NamedRequest } from '@countersign/contracts/job';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { EFFECTIVE_DOMAIN, saltedDigest } from '@countersign/ledger/digest';
import { applyFacts, findTopic } from '@countersign/policy/apply-facts';
import { outsideCeiling } from '@countersign/policy/check-ceiling';
import type { CompiledPolicy } from '@countersign/policy/compile-policy';
import type { DecideContext, DecideOutcome } from '@countersign/policy/decide';

type Would = Pick<Decision, 'decision' | 'rule_id' | 'reason'>;

export const isObserving = ({ sources }: CompiledPolicy, now: string): boolean => {
  const until = sources.policy.mode?.observe.until;
  return until !== undefined && Date.parse(now) < Date.parse(until);
};

/** The outcome itself when the policy enforces, or when a ceiling refuses. */
export const observe = (
  policy: CompiledPolicy,
  item: DecideItem,
  context: DecideContext,
  outcome: DecideOutcome,
): DecideOutcome => {
  if (!isObserving(policy, context.now)) return outcome;
  const { request, asserted } = withFacts(policy, item, context);
  if ([item.request, request].some((asked) => outsideCeiling(item.actor, asked) !== null)) return outcome;
  const first = outcome.ok ? outcome.answer.decisions[0]! : null;
  const effective = effectiveOf(request, item);
  const decision: Decision = {
    decision_id: context.decisionId(),
    gate: item.gate,
    ...passing(wouldBe(outcome)),
    matched_rules: first?.matched_rules ?? [],
    policy_version: policy.version,
    policy_snapshot: policy.snapshot,
    policy_epoch: context.epoch,
    job_hash: item.job_hash,
    effective_digest: saltedDigest(EFFECTIVE_DOMAIN, Buffer.from(item.salt, 'base64url'), canonicalize(effective)),
    constraints: {},
    obligations: {},
    remediation: null,
    findings: first?.findings ?? [],
    asserted: first?.asserted ?? asserted,
    cached: false,
    fail_mode: null,
    decided_at: context.now,
  };
  const answer = { decisions: [decision], rewritten: request, effective };
  return { ok: true, answer, skipped: outcome.ok ? outcome.skipped : [], cacheable: outcome.ok && outcome.cacheable };
};

/** The first decision says what the policy does to this very request; after a rewrite it would be another. */
const wouldBe = (outcome: DecideOutcome): Would => {
  if (outcome.ok) return outcome.answer.decisions[0]!;
  const { code, detail } = outcome.failure;
  return { decision: 'deny', rule_id: null, reason: `${code}: ${detail}` };
};

const passing = ({ decision, rule_id, reason }: Would) => ({
  decision: 'allow' as const,
  rule_id: null,
  reason: `observing only; the policy says ${decision}`,
  observed: { decision, rule_id, reason },
});

/** What the server knows still chooses the pool. A request that contradicts it runs as it was asked. */
const withFacts = (policy: CompiledPolicy, { request }: DecideItem, { simulation }: DecideContext) => {
  const payloadKnown = simulation !== true || request.payload !== undefined;
  const facts = applyFacts(findTopic(policy, request.topic), request, { overrule: false, payloadKnown });
  return facts.ok ? facts : { request, asserted: [] };
};

const effectiveOf = (request: NamedRequest, { actor }: DecideItem): EffectiveJob => ({
  tenant: request.tenant,
  job_id: request.job_id,
  actor: actor.id,
  topic: request.topic,
  capability: request.meta.capability ?? null,
  risk_tags: request.meta.risk_tags,
  requires: request.meta.requires,
  labels: request.labels,
  ...(request.prompt !== undefined && { prompt: request.prompt }),
  ...(request.payload !== undefined && { payload: request.payload }),
  constraints: {},
});
