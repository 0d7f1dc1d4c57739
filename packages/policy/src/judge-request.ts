/**
 * Judges one request: ceiling, facts, input rules, deny rules, first match, default, floors; a remediation is applied
 * and judged again. Pure, and it binds nothing: what a judgement is worth as evidence is written by `decide`.
 */
import { type DecideItem, type Finding, limitsOf } from '@countersign/contracts/decision';
import type { Failure } from '@countersign/contracts/errors';
import type { Actor, NamedRequest } from '@countersign/contracts/job';
import { LIMITS } from '@countersign/contracts/limits';
import type { RunHistory } from '@countersign/contracts/run-facts';
import { applyFacts, findTopic, schemaFailure } from './apply-facts.ts';
import { denial, type Standing } from './apply-floors.ts';
import { applyLimits, askInstead } from './apply-limits.ts';
import { applyRemediation } from './apply-remediation.ts';
import { outsideCeiling } from './check-ceiling.ts';
import { type Asking, compensationObstacle } from './check-compensation.ts';
import type { CompiledPolicy, CompiledRule, CompiledTopic } from './compiled-policy.ts';
import { isEmpty, tightenConstraints } from './effects.ts';
import { evaluateRules, type Trace } from './evaluate-rules.ts';
import type { RunFacts } from './match-run.ts';
import { mergePatch } from './merge-patch.ts';
import { type ScansApart, subjectOf } from './read-subject.ts';
import { describeRun, runFactsOf } from './run-facts.ts';
import { scanOf } from './scan-settings.ts';

export type JudgeContext = {
  /** RFC 3339 in UTC; the `now` of conditions. */
  now: string;
  /** A simulation may leave the payload out. */
  simulation?: boolean;
  /** Given where content may have to be scanned apart; left out, everything is scanned as it is decided. */
  scans?: ScansApart;
  /** What its run did before; left out: nothing. */
  history?: RunHistory;
  /** Called with each step of the derivation. */
  trace?: Trace;
};
/** One look at the request. */
export type Round = {
  standing: Standing;
  request: NamedRequest;
  matched: string[];
  asserted: string[];
  findings: readonly Finding[];
  offer: CompiledRule['remediation'];
  skipped: string[];
  readsNow: boolean;
  /** What its run did, where a rule asked; null when that was not known. */
  run: RunFacts | null | undefined;
};
export type Judgement =
  | {
      ok: true;
      /** Those that ended in a rewrite, in the order made. */
      rewritten: readonly Round[];
      final: Round;
      /** What a simulation without payload did not check. */
      skipped: string[];
      /** False when a condition read `now`, or a rule what the run did. */
      cacheable: boolean;
    }
  | { ok: false; failure: Failure };
export type Judged = Pick<DecideItem, 'gate' | 'request' | 'actor' | 'exceeded'>;

/** Errors are values: `facts_contradicted` and `schema_violated`, only for a request as it was first submitted. */
export function judgeRequest(policy: CompiledPolicy, item: Judged, context: JudgeContext): Judgement {
  const rewritten: Round[] = [];
  let { request } = item;
  for (;;) {
    const round = judgeRound(policy, item, request, rewritten.length > 0, context);
    if ('code' in round) return { ok: false, failure: round };
    const settled = round.standing.decision === 'remediate' ? settleRewrite(round, item, rewritten.length) : round;
    if (settled.standing.decision !== 'remediate') return summary(rewritten, settled);
    rewritten.push(settled);
    request = applyRemediation(settled.request, settled.offer!);
    context.trace?.({
      step: 'rewrite',
      outcome: 'applied',
      rule_id: settled.standing.rule_id,
      detail: `${settled.offer!.id}: ${request.topic}`,
    });
  }
}

function judgeRound(
  policy: CompiledPolicy,
  item: Judged,
  asked: NamedRequest,
  rewritten: boolean,
  context: JudgeContext,
): Round | Failure {
  const { actor } = item;
  const before = ceilingRound(actor, asked, context);
  if (before !== null) return before;
  const known = findTopic(policy, asked.topic);
  const payloadKnown = context.simulation !== true || asked.payload !== undefined;
  const facts = applyFacts(known, asked, { overrule: rewritten, payloadKnown });
  if (!facts.ok) {
    context.trace?.({ step: 'facts', outcome: facts.failure.code, rule_id: null, detail: facts.failure.detail });
    // The submitter can fix only what the submitter wrote; later the policy has changed, or speaks of its own rewrite.
    if (!rewritten && item.gate === 'submit') return facts.failure;
    return emptyRound(asked, denial(null, `${facts.failure.code}: ${facts.failure.detail}`));
  }
  const { request, asserted, skipped } = facts;
  context.trace?.({
    step: 'facts',
    outcome: known === null ? 'unlisted' : 'listed',
    rule_id: null,
    detail: describeFacts(known, request),
    facts: { listed_as: known?.pattern ?? null, request, asserted },
  });
  const after = ceilingRound(actor, request, context);
  if (after !== null) return after;
  const readRun = () => readHistory(policy, context);
  const subject = subjectOf(request, actor, scanOf(policy, request.tenant), readRun, context.scans);
  const result = evaluateRules(policy, { subject, request, actor, now: context.now }, context.trace);
  const bound = boundAsOffered(request, boundAttempts(known, result.standing));
  const violated = payloadKnown ? patchedViolation(policy, request, bound) : null;
  const held = violated === null ? bound : denial(result.standing.rule_id, `${violated.code}: ${violated.detail}`);
  const returning = requireWayBack(
    policy,
    { request, actor, now: context.now, readRun: () => subject.run(), scans: context.scans },
    held,
  );
  const counting = applyLimits(returning, result.limits, { request, actor, payloadKnown }, skipped);
  const standing = askWhereExceeded(counting, item.exceeded ?? []);
  const { matched, offer, readsNow } = result;
  const run = subject.runSeen();
  return { standing, request, matched, asserted, findings: subject.scanned(), offer, skipped, readsNow, run };
}

/** The limits that had no room when the job was admitted; what else they say then is the scheduler's. */
function askWhereExceeded(standing: Standing, exceeded: readonly string[]): Standing {
  if (exceeded.length === 0 || standing.decision === 'deny') return standing;
  const asking = limitsOf(standing).filter((limit) => limit.exceeded === 'require_approval');
  return asking.filter(({ id }) => exceeded.includes(id)).reduce(askInstead<Standing>, standing);
}

function ceilingRound(actor: Actor, request: NamedRequest, context: JudgeContext): Round | null {
  const outside = outsideCeiling(actor, request);
  if (outside === null) return null;
  context.trace?.({ step: 'ceiling', outcome: 'outside', rule_id: null, detail: outside });
  return emptyRound(request, denial(null, `ceiling_${outside}: outside what this agent may at most ask for`));
}

function emptyRound(request: NamedRequest, standing: Standing): Round {
  return {
    standing,
    request,
    matched: [],
    asserted: [],
    findings: [],
    offer: null,
    skipped: [],
    readsNow: false,
    run: undefined,
  };
}

/** An attempt of which nobody heard may have done its work: what is not to be done twice gets no second one. */
function boundAttempts(known: CompiledTopic | null, standing: Standing): Standing {
  const runs = standing.decision !== 'deny' && standing.decision !== 'remediate';
  if (known?.facts.runs !== 'at_most_once' || !runs) return standing;
  const decision = standing.decision === 'allow' ? 'allow_with_constraints' : standing.decision;
  return { ...standing, decision, constraints: { ...standing.constraints, max_attempts: 1 } };
}

/** Of a job that takes an approver's counter-offer: at least as tight as that. */
function boundAsOffered({ origin }: NamedRequest, standing: Standing): Standing {
  const runs = standing.decision !== 'deny' && standing.decision !== 'remediate';
  if (origin?.constraints === undefined || !runs) return standing;
  const constraints = tightenConstraints(standing.constraints, origin.constraints);
  const decision =
    standing.decision === 'allow' && !isEmpty(constraints) ? 'allow_with_constraints' : standing.decision;
  return { ...standing, decision, constraints };
}

function describeFacts(known: CompiledTopic | null, { meta, labels }: NamedRequest): string {
  const runs = known?.facts.runs === undefined ? '' : `; runs ${known.facts.runs}`;
  return `${known?.pattern ?? 'no entry'}; capability ${meta.capability ?? 'none'}; risk tags ${meta.risk_tags.join(', ') || 'none'}; labels ${
    Object.keys(labels).sort().join(', ') || 'none'
  }${runs}`;
}

/** The constraints' patch is the policy's own word, but the worker must still get a payload that fits. */
function patchedViolation(policy: CompiledPolicy, request: NamedRequest, standing: Standing): Failure | null {
  const { set } = standing.constraints;
  if (set === undefined) return null;
  return schemaFailure(findTopic(policy, request.topic), mergePatch(request.payload ?? {}, set));
}

/** Only where something asked for it, so that nobody else pays for a second look. */
function requireWayBack(policy: CompiledPolicy, asking: Asking, standing: Standing): Standing {
  if (standing.obligations.rollback !== 'required') return standing;
  const obstacle = compensationObstacle(policy, asking);
  if (obstacle === null) return standing;
  return denial(standing.rule_id, `rollback_missing: a compensation is required, and ${obstacle}`);
}

/** At the dispatch gate a rewrite is only an offer, and rewrites come to an end. */
function settleRewrite(round: Round, item: Judged, rewrites: number): Round {
  const { standing } = round;
  if (item.gate === 'dispatch') return { ...round, standing: denial(standing.rule_id, standing.reason) };
  if (rewrites < LIMITS.rewrites) return round;
  const reason = `remediation_loop: more than ${LIMITS.rewrites} rewrites`;
  return { ...round, offer: null, standing: denial(standing.rule_id, reason) };
}

function summary(rewritten: readonly Round[], final: Round): Judgement {
  if (rewritten.length === 0) {
    return { ok: true, rewritten, final, skipped: final.skipped.toSorted(), cacheable: isRepeatable(final) };
  }
  const rounds = [...rewritten, final];
  const skipped = [...new Set(rounds.flatMap((round) => round.skipped))].sort();
  return { ok: true, rewritten, final, skipped, cacheable: rounds.every(isRepeatable) };
}

/** What depends on the time of day, or on what the run has done by now, may be another thing in a moment. */
function isRepeatable({ readsNow, run }: Round): boolean {
  return !readsNow && run === undefined;
}

function readHistory(policy: CompiledPolicy, { history, trace }: JudgeContext): RunFacts | null {
  const facts = runFactsOf(policy, history === undefined ? [] : history);
  const detail = facts === null ? 'what its run did before is not known' : describeRun(facts);
  trace?.({ step: 'run', outcome: facts === null ? 'unknown' : 'known', rule_id: null, detail });
  return facts;
}
