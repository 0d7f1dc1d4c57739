/**
 * The order of design section 4 over one request with its facts: input rules, any deny, first match, default, floors.
 * A condition that cannot be decided denies; it is never "no match".
 */
import { chainOf } from '@countersign/contracts/delegation';
import type { Actor, NamedRequest } from '@countersign/contracts/job';
import { applyFloor, denial, type Standing } from './apply-floors.ts';
import { OWNER_GROUP } from './check-policy.ts';
import type { WhenInput } from './compile-when.ts';
import type { CompiledFloor, CompiledLimit, CompiledPolicy, CompiledRule } from './compiled-policy.ts';
import { type Approval, approvalOf } from './effects.ts';
import type { RunFacts } from './match-run.ts';
import { type CompiledMatch, HOLDS, matchSubject, type Subject } from './match-subject.ts';

export type TraceStep = {
  step: string;
  outcome: string;
  rule_id: string | null;
  detail: string;
  /** With the step `facts`: the request as the rules see it, and what stands in it on the submitter's word. */
  facts?: { listed_as: string | null; request: NamedRequest; asserted: readonly string[] };
};
export type Trace = (step: TraceStep) => void;
export type Question = { subject: Subject; request: NamedRequest; actor: Actor; now: string };
export type Evaluated = {
  standing: Standing;
  /** Of the rule that decided and of the floors over it; whoever denies has none. */
  limits: readonly CompiledLimit[];
  matched: string[];
  offer: CompiledRule['remediation'];
  readsNow: boolean;
};

const NO_OWNER = 'owner_missing: the capability has no owner to ask';

type Section = 'input_rules' | 'rules' | 'tiers';
type Outcome = { kind: 'holds' } | { kind: 'fails'; field: string } | { kind: 'error'; code: string };

class Evaluation {
  private readonly policy: CompiledPolicy;
  private readonly question: Question;
  private readonly trace: Trace | undefined;
  private readonly matched: string[] = [];
  private readsNow = false;
  private input: WhenInput | null = null;

  constructor(policy: CompiledPolicy, question: Question, trace: Trace | undefined) {
    this.policy = policy;
    this.question = question;
    this.trace = trace;
  }

  run(): Evaluated {
    const inputs = this.floors('input_rules');
    if (!Array.isArray(inputs)) return this.result(inputs, null);
    for (const floor of inputs) {
      if (floor.decision === 'deny') return this.result(denial(floor.id, floor.reason), null);
    }
    const { standing, offer, limits } = this.rules();
    if (standing.decision === 'deny' || standing.decision === 'remediate') return this.result(standing, offer);
    const tiers = this.floors('tiers');
    if (!Array.isArray(tiers)) return this.result(tiers, null);
    const owned = this.surviving(this.resolveOwner(this.raise(this.raise(standing, inputs), tiers)));
    if (owned !== standing) this.note('floors', owned.decision, owned.rule_id, owned.reason);
    return this.counted(owned, [...inputs, ...tiers].reduce(joinLimits, limits));
  }

  private raise(standing: Standing, floors: readonly CompiledFloor[]): Standing {
    const reversible = this.question.request.compensation !== undefined;
    let raised = standing;
    for (const floor of floors) raised = applyFloor(raised, floor, reversible);
    return raised;
  }

  private result(standing: Standing, offer: Evaluated['offer'], limits: Evaluated['limits'] = []): Evaluated {
    this.note('decision', standing.decision, standing.rule_id, standing.reason);
    return { standing, limits, matched: this.matched, offer, readsNow: this.readsNow };
  }

  /** Those of a section that hold, or the denial that one which cannot be decided becomes. */
  private floors(section: 'input_rules' | 'tiers'): CompiledFloor[] | Standing {
    const { items, index } = this.policy[section];
    if (items.length === 0) return [];
    const held: CompiledFloor[] = [];
    for (const position of this.candidates(section)) {
      const floor = items[position]!;
      const outcome = this.outcomeOf(floor, index.rest[position]!);
      if (outcome.kind === 'error') return undecidable(floor.id, outcome.code);
      if (outcome.kind === 'fails') continue;
      held.push(floor);
      this.matched.push(floor.id);
    }
    return held;
  }

  /** All of them are looked at even when one denies: a decision names every rule that matched. */
  private rules(): Pick<Evaluated, 'standing' | 'offer' | 'limits'> {
    const { items, index } = this.policy.rules;
    let refusing: CompiledRule | null = null;
    let first: CompiledRule | null = null;
    let broken: Standing | null = null;
    for (const position of this.candidates('rules')) {
      const rule = items[position]!;
      const outcome = this.outcomeOf(rule, index.rest[position]!);
      if (outcome.kind === 'error') broken ??= undecidable(rule.id, outcome.code);
      if (outcome.kind !== 'holds') continue;
      this.matched.push(rule.id);
      if (rule.decision === 'deny') refusing ??= rule;
      else first ??= rule;
    }
    if (refusing !== null)
      return { standing: denial(refusing.id, refusing.reason), offer: refusing.remediation, limits: [] };
    if (broken !== null) return { standing: broken, offer: null, limits: [] };
    if (first === null) return { standing: this.byDefault(), offer: null, limits: [] };
    const { id, decision, reason, constraints, obligations, remediation, limits } = first;
    return { standing: { decision, rule_id: id, reason, constraints, obligations }, offer: remediation, limits };
  }

  private byDefault(): Standing {
    const { default_decision: decision } = this.policy;
    const obligations = decision === 'require_approval' ? { approval: approvalOf() } : {};
    return {
      decision,
      rule_id: null,
      reason: `no rule matched; the default is ${decision}`,
      constraints: {},
      obligations,
    };
  }

  private candidates(section: Section): readonly number[] {
    const positions = this.policy[section].index.candidates(this.question.subject);
    if (this.trace !== undefined) this.tell(section, positions);
    return positions;
  }

  /** The others are looked at only here, to say why they did not match. */
  private tell(section: Section, candidates: readonly number[]): void {
    const likely = new Set(candidates);
    const { items, index } = this.policy[section];
    for (const [position, item] of items.entries()) {
      const outcome = likely.has(position)
        ? this.outcomeOf(item, index.rest[position]!)
        : matchSubject(item.match, this.question.subject);
      this.note(section, outcome.kind, item.id, detailOf(outcome));
    }
  }

  /** `rest`: what the index has not looked at; the rest of the match holds for every candidate. */
  private outcomeOf(item: CompiledRule | CompiledFloor, rest: CompiledMatch | null): Outcome {
    const outcome = rest === null ? HOLDS : matchSubject(rest, this.question.subject);
    const when = 'when' in item ? item.when : null;
    if (when === null || outcome.kind !== 'holds') return outcome;
    this.readsNow ||= when.readsNow;
    this.input ??= this.whenInput();
    const run = when.readsRun ? this.question.subject.run() : undefined;
    if (run === null) return { kind: 'error', code: 'when_error (run_unknown)' };
    const result = when.evaluate(run === undefined ? this.input : { ...this.input, run: runInput(run) });
    if (!result.ok) return { kind: 'error', code: `when_error (${result.code})` };
    return result.value ? outcome : { kind: 'fails', field: 'when' };
  }

  private whenInput(): WhenInput {
    const { request, actor, now } = this.question;
    const { id, type, owner } = actor;
    const { payload = {}, labels, tenant, topic } = request;
    const on_behalf_of = chainOf(request.on_behalf_of);
    return { payload, labels, actor: { id, type, owner: owner ?? '' }, on_behalf_of, tenant, topic, now };
  }

  /** With the limits that it has to be counted by, and whose yes it takes where one of them has no room. */
  private counted(standing: Standing, limits: Evaluated['limits']): Evaluated {
    const owned: CompiledLimit[] = [];
    for (const limit of limits) {
      const approval = limit.approval && this.ownedBy(limit.approval);
      if (approval === null) return this.result(denial(standing.rule_id, NO_OWNER), null);
      owned.push(approval === undefined ? limit : { ...limit, approval });
    }
    return this.result(standing, null, owned);
  }

  /** Nobody to ask is no approval: a stage for the owner of a capability that has none denies. */
  private resolveOwner(standing: Standing): Standing {
    const { approval } = standing.obligations;
    if (approval === undefined) return standing;
    const owned = this.ownedBy(approval);
    if (owned === null) return denial(standing.rule_id, NO_OWNER);
    return owned === approval ? standing : { ...standing, obligations: { ...standing.obligations, approval: owned } };
  }

  /** With the owner in place of `owner`; null where there is none. */
  private ownedBy(approval: Approval): Approval | null {
    if (!approval.stages.some(({ group }) => group === OWNER_GROUP)) return approval;
    const owner = this.policy.owners.get(this.question.request.meta.capability ?? '');
    if (owner === undefined) return null;
    const counts = new Map<string, number>();
    for (const { group, count } of approval.stages) {
      const named = group === OWNER_GROUP ? owner : group;
      counts.set(named, Math.max(counts.get(named) ?? 0, count));
    }
    return { ...approval, stages: [...counts].map(([group, count]) => ({ group, count })) };
  }

  private surviving(standing: Standing): Standing {
    const { obligations } = standing;
    const { survive } = this.policy;
    if (obligations.approval === undefined || survive === null) return standing;
    return { ...standing, obligations: { ...obligations, approval: { ...obligations.approval, survive } } };
  }

  private note(step: string, outcome: string, rule_id: string | null, detail: string): void {
    this.trace?.({ step, outcome, rule_id, detail });
  }
}

export function evaluateRules(policy: CompiledPolicy, question: Question, trace?: Trace): Evaluated {
  const evaluation = new Evaluation(policy, question, trace);
  return evaluation.run();
}

/** The same list where nothing is added: most have none. */
function joinLimits(limits: Evaluated['limits'], floor: CompiledFloor): Evaluated['limits'] {
  return floor.limits.length === 0 ? limits : [...limits, ...floor.limits];
}

function runInput({ ran, used, released, untrusted, jobs }: RunFacts): NonNullable<WhenInput['run']> {
  return { ran, used, released, untrusted, jobs: BigInt(jobs) };
}

function undecidable(id: string, code: string): Standing {
  return denial(id, `${code}: a condition of ${id} could not be decided`);
}

function detailOf(outcome: Outcome): string {
  if (outcome.kind === 'holds') return 'matches';
  return outcome.kind === 'error' ? outcome.code : `first failed: ${outcome.field}`;
}
