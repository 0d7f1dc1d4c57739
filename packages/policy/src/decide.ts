// Decides one request: ceiling, facts, input rules, deny rules, first match, default, floors; a remediation is applied
// and decided again. Pure: clock, ids and epoch are handed in, and the same question gets the same answer.
import type { DecideAnswer, DecideItem, Decision, EffectiveJob, Finding } from '@countersign/contracts/decision';
import type { Failure } from '@countersign/contracts/errors';
import type { Actor, NamedRequest } from '@countersign/contracts/job';
import { LIMITS } from '@countersign/contracts/limits';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { EFFECTIVE_DOMAIN, saltedDigest } from '@countersign/ledger/digest';
import { applyFacts, findTopic, schemaFailure } from './apply-facts.ts';
import { applyRemediation, describeRemediation } from './apply-remediation.ts';
import { outsideCeiling } from './check-ceiling.ts';
import { compensationObstacle } from './check-compensation.ts';
import type { CompiledPolicy, CompiledRule } from './compile-policy.ts';
import { evaluateRules, type Trace } from './evaluate-rules.ts';
import { mergePatch } from './merge-patch.ts';
import { denial, type Standing } from './raise-standing.ts';
import { subjectOf } from './read-subject.ts';

export type DecideContext = {
  /** RFC 3339 in UTC; becomes `decided_at` and the `now` of conditions. */
  now: string;
  epoch: number;
  decisionId: () => string;
  /** A simulation may leave the payload out. */
  simulation?: boolean;
  /** Called with each step of the derivation. */
  trace?: Trace;
};
export type DecideOutcome =
  | {
      ok: true;
      answer: DecideAnswer;
      /** What a simulation without payload did not check. */
      skipped: string[];
      /** False when a condition read `now`. */
      cacheable: boolean;
    }
  | { ok: false; failure: Failure };

/** One look at the request; `rewrite` is set when a remediation is to be applied. */
type Round = {
  standing: Standing;
  request: NamedRequest;
  matched: string[];
  asserted: string[];
  findings: readonly Finding[];
  offer: CompiledRule['remediation'];
  skipped: string[];
  readsNow: boolean;
};

/** Errors are values: `facts_contradicted` and `schema_violated`, only for a request as it was first submitted. */
export function decide(policy: CompiledPolicy, item: DecideItem, context: DecideContext): DecideOutcome {
  const decisions: Decision[] = [];
  const skipped = new Set<string>();
  let { request } = item;
  let cacheable = true;
  for (let rewrites = 0; ; rewrites++) {
    const round = decideRound(policy, item, request, rewrites > 0, context);
    if ('failure' in round) return { ok: false, failure: round.failure };
    for (const what of round.skipped) skipped.add(what);
    cacheable &&= !round.readsNow;
    const settled = settleRemediation(round, item, rewrites);
    if (settled.standing.decision !== 'remediate') {
      const answer = finish(policy, item, context, settled, decisions);
      return { ok: true, answer, skipped: [...skipped].sort(), cacheable };
    }
    decisions.push(toDecision(policy, item, context, settled, null));
    request = applyRemediation(settled.request, settled.offer!);
    context.trace?.({
      step: 'rewrite',
      outcome: 'applied',
      rule_id: settled.standing.rule_id,
      detail: `${settled.offer!.id}: ${request.topic}`,
    });
  }
}

/** At the dispatch gate a rewrite is only an offer, and rewrites come to an end. */
function settleRemediation(round: Round, item: DecideItem, rewrites: number): Round {
  const { standing } = round;
  if (standing.decision !== 'remediate') return round;
  if (item.gate === 'dispatch') return { ...round, standing: denial(standing.rule_id, standing.reason) };
  if (rewrites < LIMITS.rewrites) return round;
  const reason = `remediation_loop: more than ${LIMITS.rewrites} rewrites`;
  return { ...round, offer: null, standing: denial(standing.rule_id, reason) };
}

function decideRound(
  policy: CompiledPolicy,
  item: DecideItem,
  asked: NamedRequest,
  rewritten: boolean,
  context: DecideContext,
): Round | { failure: Failure } {
  const { actor } = item;
  const before = ceilingRound(actor, asked, context);
  if (before !== null) return before;
  const known = findTopic(policy, asked.topic);
  const payloadKnown = context.simulation !== true || asked.payload !== undefined;
  const facts = applyFacts(known, asked, { overrule: rewritten, payloadKnown });
  if (!facts.ok) {
    context.trace?.({ step: 'facts', outcome: facts.failure.code, rule_id: null, detail: facts.failure.detail });
    // The submitter can mend only what the submitter wrote; later the policy has changed, or speaks of its own rewrite.
    if (!rewritten && item.gate === 'submit') return { failure: facts.failure };
    return emptyRound(asked, denial(null, `${facts.failure.code}: ${facts.failure.detail}`));
  }
  const { request, asserted, skipped } = facts;
  context.trace?.({
    step: 'facts',
    outcome: known === null ? 'unlisted' : 'listed',
    rule_id: null,
    detail: describeFacts(known?.pattern ?? null, request),
    facts: { listed_as: known?.pattern ?? null, request, asserted },
  });
  const after = ceilingRound(actor, request, context);
  if (after !== null) return after;
  const subject = subjectOf(request, actor, policy.scanners);
  const result = evaluateRules(policy, { subject, request, actor, now: context.now }, context.trace);
  const violated = payloadKnown ? patchedViolation(policy, request, result.standing) : null;
  const held =
    violated === null ? result.standing : denial(result.standing.rule_id, `${violated.code}: ${violated.detail}`);
  const standing = requireWayBack(policy, { request, actor, now: context.now }, held);
  return { ...result, standing, request, asserted, skipped, findings: subject.scanned() };
}

const emptyRound = (request: NamedRequest, standing: Standing): Round => ({
  standing,
  request,
  matched: [],
  asserted: [],
  findings: [],
  offer: null,
  skipped: [],
  readsNow: false,
});

function ceilingRound(actor: Actor, request: NamedRequest, context: DecideContext): Round | null {
  const outside = outsideCeiling(actor, request);
  if (outside === null) return null;
  context.trace?.({ step: 'ceiling', outcome: 'outside', rule_id: null, detail: outside });
  return emptyRound(request, denial(null, `ceiling_${outside}: outside what this agent may at most ask for`));
}

const describeFacts = (pattern: string | null, { meta, labels }: NamedRequest): string =>
  `${pattern ?? 'no entry'}; capability ${meta.capability ?? 'none'}; risk tags ${meta.risk_tags.join(', ') || 'none'}; labels ${
    Object.keys(labels).sort().join(', ') || 'none'
  }`;

/** The constraints' patch is the policy's own word, but the worker must still get a payload that fits. */
function patchedViolation(policy: CompiledPolicy, request: NamedRequest, standing: Standing): Failure | null {
  const { set } = standing.constraints;
  if (set === undefined) return null;
  return schemaFailure(findTopic(policy, request.topic), mergePatch(request.payload ?? {}, set));
}

/** Only where something asked for it, so that nobody else pays for a second look. */
function requireWayBack(
  policy: CompiledPolicy,
  asking: { request: NamedRequest; actor: Actor; now: string },
  standing: Standing,
): Standing {
  if (standing.obligations.rollback !== 'required') return standing;
  const obstacle = compensationObstacle(policy, asking);
  if (obstacle === null) return standing;
  return denial(standing.rule_id, `rollback_missing: a compensation is required, and ${obstacle}`);
}

function finish(
  policy: CompiledPolicy,
  item: DecideItem,
  context: DecideContext,
  round: Round,
  before: Decision[],
): DecideAnswer {
  if (round.standing.decision === 'deny') {
    return { decisions: [...before, toDecision(policy, item, context, round, null)], rewritten: null, effective: null };
  }
  const effective = effectiveOf(round, item.actor);
  const digest = saltedDigest(EFFECTIVE_DOMAIN, Buffer.from(item.salt, 'base64url'), canonicalize(effective));
  return {
    decisions: [...before, toDecision(policy, item, context, round, digest)],
    rewritten: round.request,
    effective,
  };
}

function effectiveOf({ request, standing }: Round, actor: Actor): EffectiveJob {
  const { set } = standing.constraints;
  const payload = set === undefined ? request.payload : mergePatch(request.payload ?? {}, set);
  return {
    tenant: request.tenant,
    job_id: request.job_id,
    actor: actor.id,
    topic: request.topic,
    capability: request.meta.capability ?? null,
    risk_tags: request.meta.risk_tags,
    requires: request.meta.requires,
    labels: request.labels,
    ...(request.prompt !== undefined && { prompt: request.prompt }),
    ...(payload !== undefined && { payload }),
    constraints: standing.constraints,
  };
}

function toDecision(
  policy: CompiledPolicy,
  item: DecideItem,
  context: DecideContext,
  round: Round,
  effective: string | null,
): Decision {
  const { standing, offer } = round;
  return {
    decision_id: context.decisionId(),
    gate: item.gate,
    decision: standing.decision,
    rule_id: standing.rule_id,
    reason: standing.reason,
    matched_rules: round.matched,
    policy_version: policy.version,
    policy_snapshot: policy.snapshot,
    policy_epoch: context.epoch,
    job_hash: item.job_hash,
    effective_digest: effective,
    constraints: standing.constraints,
    obligations: standing.obligations,
    remediation: offer === null ? null : describeRemediation(offer, standing.decision === 'remediate'),
    findings: [...round.findings],
    asserted: round.asserted,
    cached: false,
    fail_mode: null,
    decided_at: context.now,
  };
}
