/**
 * Explains a decision by making it: the same path as enforcement with a listener, so an explanation can't drift from
 * what is enforced. Findings show as type and place, never as text; the payload is never repeated.
 */
import { type DecideItem, finalDecision } from '@countersign/contracts/decision';
import type { Derivation, RoundSeen, RuleSeen } from '@countersign/contracts/explanation';
import type { Match } from '@countersign/contracts/policy';
import type { CompiledPolicy } from '@countersign/policy/compiled-policy';
import { type DecideContext, type DecideOutcome, decide } from '@countersign/policy/decide';
import type { TraceStep } from '@countersign/policy/evaluate-rules';
import { placeSections } from '@countersign/policy/place-sections';
import { settingsFor } from '@countersign/policy/scan-settings';
import { describeDerivation } from './describe-derivation.ts';
import { seePools } from './see-pools.ts';

export type ExplainedStep = Omit<TraceStep, 'facts'>;
export type Explanation = {
  outcome: DecideOutcome;
  steps: ExplainedStep[];
  /** Left out where nothing was derived. */
  derivation?: Derivation;
  /** For a person, to be read aloud. */
  text: string;
};
type Section = 'input_rules' | 'rules' | 'tiers';

type Source = { decision: string | null; asks: Readonly<Record<string, unknown>> };

const OUTCOMES: Readonly<Record<string, RuleSeen['outcome']>> = { holds: 'matched', fails: 'not_matched' };
const FIRST_FAILED = 'first failed: ';
/** A rule for other topics or tenants is told in one word: there are many of those. */
const ELSEWHERE: ReadonlySet<string> = new Set(['topics', 'tenants']);

export function explain(policy: CompiledPolicy, item: DecideItem, context: DecideContext): Explanation {
  const heard: TraceStep[] = [];
  const outcome = decide(policy, item, { ...context, trace: (step) => heard.push(step) });
  const derivation = deriveFrom(policy, item, context, outcome, heard);
  // The facts hold the whole request.
  const steps = heard.map(({ facts: _, ...step }) => step);
  return { outcome, steps, derivation, text: [describeDerivation(derivation), ...tellRun(heard)].join('\n') };
}

/** Which job brought in what; the last look is the one that stands. */
function tellRun(heard: readonly TraceStep[]): string[] {
  const run = heard.findLast(({ step }) => step === 'run');
  return run === undefined ? [] : [`What its run did: ${run.detail}.`];
}

function deriveFrom(
  policy: CompiledPolicy,
  { gate, actor, request }: DecideItem,
  { epoch }: DecideContext,
  outcome: DecideOutcome,
  heard: readonly TraceStep[],
): Derivation {
  const final = outcome.ok ? finalDecision(outcome.answer) : null;
  return {
    asked: { gate, tenant: request.tenant, topic: request.topic, actor: actor.id, actor_type: actor.type },
    policy: { version: policy.version, snapshot: policy.snapshot, epoch },
    cached: final?.cached ?? false,
    countries: [...settingsFor(policy.scanning, request.tenant).countries],
    own_rules: policy.scanning.own?.rules.length ?? 0,
    rounds: roundsOf(heard, sourcesOf(policy)),
    result: final && {
      decision: final.decision,
      rule_id: final.rule_id,
      reason: final.reason,
      findings: final.findings,
      constraints: final.constraints,
      obligations: final.obligations,
      stages: final.obligations.approval?.stages ?? [],
      remediation: final.remediation,
    },
    pools: outcome.ok ? seePools(policy.pools, outcome.answer.effective) : null,
    skipped: outcome.ok ? outcome.skipped : [],
  };
}

function roundsOf(heard: readonly TraceStep[], sources: ReadonlyMap<string, Source>): RoundSeen[] {
  const rounds = [newRound()];
  for (const step of heard) {
    const round = rounds[rounds.length - 1]!;
    if (step.step === 'rewrite') {
      round.rewrite = step.detail;
      rounds.push(newRound());
    } else if (isSection(step.step)) round[step.step].push(ruleSeen(step, sources.get(step.rule_id ?? '')));
    else if (step.step === 'floors') round.raised_to = step.outcome;
    else if (step.step === 'ceiling') round.refused = `outside what this agent may ask for: ${step.detail}`;
    else if (step.step === 'facts') hearFacts(round, step);
  }
  return rounds;
}

function newRound(): RoundSeen {
  return {
    facts: null,
    refused: null,
    input_rules: [],
    rules: [],
    tiers: [],
    raised_to: null,
    rewrite: null,
  };
}

function isSection(step: string): step is Section {
  return step === 'input_rules' || step === 'rules' || step === 'tiers';
}

function ruleSeen({ outcome, rule_id, detail }: TraceStep, source: Source | undefined): RuleSeen {
  const seen = OUTCOMES[outcome] ?? 'undecidable';
  const failed = detail.startsWith(FIRST_FAILED) ? detail.slice(FIRST_FAILED.length) : null;
  const wanted = failed === null || ELSEWHERE.has(failed) ? undefined : source?.asks[failed];
  return {
    id: rule_id ?? '',
    decision: source?.decision ?? null,
    outcome: seen,
    failed: seen === 'undecidable' ? detail : failed,
    ...(wanted !== undefined && { wanted }),
  };
}

function hearFacts(round: RoundSeen, { facts, outcome, detail }: TraceStep): void {
  if (facts === undefined) {
    round.refused = `${outcome}: ${detail}`;
    return;
  }
  const { topic, meta, labels } = facts.request;
  round.facts = {
    listed_as: facts.listed_as,
    topic,
    capability: meta.capability ?? null,
    risk_tags: meta.risk_tags,
    requires: meta.requires,
    labels,
    asserted: [...facts.asserted],
  };
}

/** By id: what a rule's match asks for, in its author's words. */
function sourcesOf({ sources }: CompiledPolicy): ReadonlyMap<string, Source> {
  const { rules, input_rules, tiers } = placeSections(sources);
  return new Map([
    ...[...rules, ...input_rules].map(({ source }): [string, Source] => {
      const when = 'when' in source ? source.when : undefined;
      return [source.id, { decision: source.decision, asks: { ...asksOf(source.match), when } }];
    }),
    ...tiers.map(({ source }): [string, Source] => [
      source.id,
      { decision: source.floor.decision ?? null, asks: asksOf(source.match) },
    ]),
  ]);
}

/** Everything about findings is one condition, and fails as one. */
function asksOf({ types, min_severity, ...match }: Match): Source['asks'] {
  const alone = types === undefined && min_severity === undefined;
  return alone ? match : { ...match, scanners: { scanners: match.scanners, types, min_severity } };
}
