/**
 * Turns the files of a bundle into a policy that can decide: everything checked, indexed and type-checked once, so that
 * deciding needs no further look at the sources. Either the whole bundle compiles or nothing does.
 */
import { DECISIONS, type DecisionName } from '@countersign/contracts/decision';
import { LIMITS } from '@countersign/contracts/limits';
import type { InputRuleSource, Match, RuleSource, TierSource, TopicFacts } from '@countersign/contracts/policy';
import type { ScannerName } from '@countersign/scanners/scan';
import { checkPolicy, schemaPath } from './check-policy.ts';
import { checkRemediations } from './check-remediations.ts';
import { compileWhen, linkWhen, type When } from './compile-when.ts';
import type { CompiledFloor, CompiledPolicy, CompiledRule, CompiledTopic, Indexed } from './compiled-policy.ts';
import { compileOutputPolicy } from './decide-output.ts';
import { approvalOf, aroundRun, constraintsOf, limitsWith, ruleObligations, termsOf } from './effects.ts';
import { type KnownTopics, knownTopics } from './known-topics.ts';
import { allTypes, compileFindings, scannersWanted } from './match-findings.ts';
import { bySpecificity, splitTokens } from './match-glob.ts';
import { type CompiledMatch, compileMatch } from './match-subject.ts';
import { type BundleSources, parseBundle } from './parse-bundle.ts';
import { compilePayloadSchema, type PayloadSchema } from './payload-schema.ts';
import { type Placed, placeSections, type Sections } from './place-sections.ts';
import { byPlace, type FaultCode, faultAt, type PolicyFault } from './policy-fault.ts';
import { type At, inPolicy, reporter } from './report-faults.ts';
import { buildIndex, indexSteps } from './rule-index.ts';
import { scanSettingsOf } from './scan-settings.ts';
import { atOnce, type Steps } from './steps.ts';

export type CompileResult = { ok: true; policy: CompiledPolicy } | { ok: false; faults: PolicyFault[] };
/** `version` comes from the build; where the file states one too, both must be the same. */
export type CompileOptions = { version?: number | undefined; snapshot: string };

class PolicyCompiler {
  readonly faults: PolicyFault[] = [];
  private readonly sources: BundleSources;
  private readonly checked: boolean;
  private topics: KnownTopics | null = null;

  constructor(sources: BundleSources, checked = false) {
    this.sources = sources;
    this.checked = checked;
  }

  *steps(options: CompileOptions): Steps<CompiledPolicy> {
    const { policy, pools } = this.sources;
    const schemas = yield* this.schemas();
    const sections = placeSections(this.sources);
    const scanning = scanSettingsOf(this.sources);
    const topics = Object.entries(policy.topics)
      .map(([pattern, facts]) => this.topic(pattern, facts, schemas))
      .sort((a, b) => bySpecificity(a.glob, b.glob));
    yield;
    const rules: CompiledRule[] = [];
    for (const placed of sections.rules) {
      rules.push(this.rule(placed));
      yield;
    }
    return {
      version: this.version(options),
      snapshot: options.snapshot,
      default_decision: policy.default_decision,
      survive: policy.approvals?.survive ?? null,
      rules: yield* indexed(rules),
      input_rules: yield* indexed(sections.input_rules.map(({ source }) => inputFloor(source))),
      tiers: yield* indexed(sections.tiers.map(({ source }) => tierFloor(source))),
      topics: { items: topics, index: buildIndex(topics.map(({ pattern }) => compileMatch({ topics: [pattern] }))) },
      owners: new Map(Object.entries(policy.owners)),
      run: asksForRun(sections, rules) ? (policy.run ?? null) : null,
      scanners: scannersOf(sections, this.sources.own),
      scanning,
      output: compileOutputPolicy({ ...policy.output_policy, scanning }),
      pools,
      sources: this.sources,
    };
  }

  private version({ version }: CompileOptions): number {
    const stated = this.sources.policy.version;
    if (version !== undefined && stated !== undefined && version !== stated) {
      this.report('version_mismatch', inPolicy('version'), `the file says ${stated}, the build says ${version}`);
    }
    if (version === undefined && stated === undefined)
      this.report('version_missing', inPolicy(), 'neither file nor build names a version');
    return version ?? stated ?? 0;
  }

  private rule(placed: Placed<RuleSource>): CompiledRule {
    const { source } = placed;
    return {
      id: source.id,
      match: compileMatch(source.match),
      when: this.when(placed),
      decision: sharedName(source.decision),
      reason: source.reason ?? `rule ${source.id}`,
      remediation: source.remediation ?? null,
      constraints: constraintsOf(source.constraints),
      obligations: ruleObligations(source),
      limits: limitsWith(source.limits, source.approval),
    };
  }

  private when({ source: { when, match }, file, path }: Placed<RuleSource>): When | null {
    if (when === undefined) return null;
    if (this.checked) return linkWhen(when);
    const { schemas, others } = this.schemasFor(match);
    const compiled = compileWhen(when, schemas, others);
    if (compiled.ok) return this.withRun(compiled.when, { file, path: [...path, 'when'] });
    this.report(compiled.code, { file, path: [...path, 'when'] }, compiled.detail, compiled.within);
    return null;
  }

  private withRun(when: When, at: At): When {
    if (when.readsRun && this.sources.policy.run === undefined)
      this.report('run_undeclared', at, 'nothing says which jobs are one run');
    return when;
  }

  /** Without topics a rule is for so many that its condition can only be checked as it runs. */
  private schemasFor(match: Match): { schemas: unknown[]; others: boolean } {
    if (match.topics === undefined) return { schemas: [], others: true };
    this.topics ??= knownTopics(this.sources.policy.topics);
    const files = this.topics.schemasOf(match);
    const schemas = [...new Set(files)].filter((file) => file !== null).map((file) => this.sources.schemas.get(file));
    return { schemas, others: files.includes(null) };
  }

  private *schemas(): Steps<ReadonlyMap<string, PayloadSchema>> {
    const compiled = new Map<string, PayloadSchema>();
    for (const [file, source] of this.sources.schemas) {
      const result = compilePayloadSchema(source);
      if (result.ok) compiled.set(file, result.schema);
      else this.faults.push(faultAt('schema_invalid', file, { line: 1, column: 1 }, result.detail));
      yield;
    }
    return compiled;
  }

  private topic(pattern: string, facts: TopicFacts, schemas: ReadonlyMap<string, PayloadSchema>): CompiledTopic {
    const schema = facts.schema === undefined ? undefined : schemas.get(schemaPath(facts.schema));
    return { pattern, glob: splitTokens(pattern), facts, schema: schema ?? null };
  }

  private report(code: FaultCode, { file, path }: At, detail: string, within?: number): void {
    this.faults.push(faultAt(code, file, this.sources.locate(file, path, within), detail));
  }
}

export function compilePolicy(files: Readonly<Record<string, string>>, options: CompileOptions): CompileResult {
  const { sources, faults: misshapen } = parseBundle(files);
  if (sources === null) return { ok: false, faults: misshapen.toSorted(byPlace) };
  const compiler = new PolicyCompiler(sources);
  const policy = atOnce(compiler.steps(options));
  const faults = [...misshapen, ...compiler.faults, ...checkPolicy(sources)];
  checkRemediations(policy, placeSections(sources), reporter(sources, faults, LIMITS.policy_faults));
  return faults.length === 0 ? { ok: true, policy } : { ok: false, faults: faults.sort(byPlace) };
}

/** Links a policy that `compilePolicy` has checked, in steps, without checking it again. */
export function* linkPolicy(sources: BundleSources, options: CompileOptions): Steps<CompiledPolicy> {
  const compiler = new PolicyCompiler(sources, true);
  const policy = yield* compiler.steps(options);
  if (compiler.faults.length > 0) throw new Error('a policy that was never compiled cannot be linked');
  return policy;
}

/** The constant, not the text as read: comparing is then comparing pointers, and nothing cold is touched for it. */
function sharedName(decision: DecisionName): DecisionName {
  return DECISIONS[DECISIONS.indexOf(decision)]!;
}

function* indexed<T extends { match: CompiledMatch }>(items: readonly T[]): Steps<Indexed<T>> {
  return { items, index: yield* indexSteps(items.map((item) => item.match)) };
}

function inputFloor(source: InputRuleSource): CompiledFloor {
  return {
    id: source.id,
    match: compileMatch(source.match),
    decision: sharedName(source.decision),
    reason: source.reason ?? `input rule ${source.id}`,
    constraints: constraintsOf(source.constraints),
    obligations: {
      ...(source.decision === 'require_approval' && { approval: termsOf(source.approval) }),
      ...aroundRun(source),
    },
    limits: [],
  };
}

function tierFloor({ id, match, floor }: TierSource): CompiledFloor {
  return {
    id,
    match: compileMatch(match),
    decision: floor.decision === undefined ? null : sharedName(floor.decision),
    reason: `tier ${id} asks for at least ${floor.decision ?? 'its obligations'}`,
    constraints: constraintsOf({
      ...floor.constraints,
      ...(floor.max_attempts !== undefined && { max_attempts: floor.max_attempts }),
    }),
    obligations: {
      ...(floor.decision === 'require_approval' && { approval: approvalOf(floor.stages, floor.expires_in) }),
      ...aroundRun(floor),
    },
    limits: limitsWith(floor.limits, floor),
  };
}

function asksForRun({ tiers, input_rules }: Sections, rules: readonly CompiledRule[]): boolean {
  const matches = [...rules.map(({ match }) => match), ...[...tiers, ...input_rules].map(({ source }) => source.match)];
  const looks = (match: { run?: unknown; not?: { run?: unknown } | null | undefined }): boolean =>
    (match.run ?? match.not?.run ?? null) !== null;
  return matches.some(looks) || rules.some(({ when }) => when?.readsRun === true);
}

function scannersOf({ tiers, input_rules, rules }: Sections, own: BundleSources['own']): ScannerName[] {
  const matches = [...tiers, ...input_rules, ...rules].map(({ source }) => source.match);
  const looking = matches.flatMap((match) => [match, match.not ?? {}]).map(compileFindings);
  return scannersWanted(
    looking.filter((wanted) => wanted !== null),
    allTypes(own),
  );
}
