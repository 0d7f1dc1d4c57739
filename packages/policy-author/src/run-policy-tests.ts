/**
 * Decides every case of a bundle's tests as a submitted job would be decided, and says which rules none of them
 * reached. Pure: the same bundle gives the same answer, whenever and wherever it runs.
 */
import { type Decision, finalDecision } from '@countersign/contracts/decision';
import { type Actor, jobRequest, type NamedRequest } from '@countersign/contracts/job';
import type { PolicyCase, PolicyExpectation, PolicyIncident, PolicyTests } from '@countersign/contracts/policy-tests';
import type { RunHistory } from '@countersign/contracts/run-facts';
import { shapeFaults, tellShapeFault } from '@countersign/contracts/shape-fault';
import { canonicalize } from '@countersign/ledger/canonical-json';
import type { CompiledPolicy } from '@countersign/policy/compiled-policy';
import { type DecideOutcome, decide } from '@countersign/policy/decide';
import { constraintsOf } from '@countersign/policy/effects';
import { readTests } from '@countersign/policy/parse-bundle';
import type { Place, PolicyFault } from '@countersign/policy/policy-fault';
import { seePools } from './see-pools.ts';

/** The fields that were expected, and the same fields as they came out; `problem` where there was no decision at all. */
export type PolicyTestResult = {
  name: string;
  ok: boolean;
  expected: Record<string, unknown>;
  got: Record<string, unknown>;
  /** Not covered by the case: content that the ledger never held. */
  skipped: string[];
  file: string;
  line: number;
};
/** `reached`: it matched in some case; `decided`: it also decided one. */
export type RuleCoverage = { id: string; reached: boolean; decided: boolean };
export type PolicyTestRun = {
  ok: boolean;
  cases: PolicyTestResult[];
  coverage: { rules: RuleCoverage[]; input_rules: RuleCoverage[]; tiers: RuleCoverage[] };
  /** Of the further files; those of the bundle were checked when it was compiled. */
  faults: PolicyFault[];
};
export type TestContext = {
  /** `now` of cases that state none; RFC 3339 in UTC. */
  now: string;
};

const DEFAULT_NOW = '2026-01-01T00:00:00Z';
const NO_HASH = `sha256:${'0'.repeat(64)}`;
/** Digests of a test prove nothing to anyone, so their salt may be known. */
const SALT = Buffer.alloc(16).toString('base64url');

class TestRun {
  private readonly results: PolicyTestResult[] = [];
  private readonly reached = new Set<string>();
  private readonly decided = new Set<string>();
  private readonly policy: CompiledPolicy;
  private readonly context: TestContext;

  constructor(policy: CompiledPolicy, context: TestContext) {
    this.policy = policy;
    this.context = context;
  }

  file(file: string, tests: PolicyTests, locate: (path: readonly PropertyKey[]) => Place): void {
    for (const section of ['cases', 'incidents'] as const) {
      tests[section].forEach((one, i) => {
        const { line } = locate([section, i, 'name']);
        this.results.push({ name: one.name, ...this.judge(one), file, line });
      });
    }
  }

  finish(faults: PolicyFault[]): PolicyTestRun {
    const cover = (section: 'rules' | 'input_rules' | 'tiers'): RuleCoverage[] =>
      this.policy[section].items.map(({ id }) => ({
        id,
        reached: this.reached.has(id),
        decided: this.decided.has(id),
      }));
    const coverage = { rules: cover('rules'), input_rules: cover('input_rules'), tiers: cover('tiers') };
    const ok = faults.length === 0 && this.results.every((result) => result.ok);
    return { ok, cases: this.results, coverage, faults };
  }

  private judge(one: PolicyCase | PolicyIncident): Pick<PolicyTestResult, 'ok' | 'expected' | 'got' | 'skipped'> {
    const expected = expectationOf(one);
    const request = namedRequestOf(one);
    if (typeof request === 'string') return { ok: false, expected, got: { problem: request }, skipped: [] };
    const outcome = this.decide(one, request);
    const got = outcome.ok ? gotFrom(this.policy, outcome, expected) : { refused: outcome.failure.code };
    const content = 'absent' in one ? one.absent : [];
    const skipped = [...content, ...(outcome.ok ? outcome.skipped : [])];
    return { ok: canonicalize(got) === canonicalize(expected), expected, got, skipped };
  }

  private decide(one: PolicyCase | PolicyIncident, request: NamedRequest): DecideOutcome {
    const incident = 'decided' in one;
    const now = incident ? one.decided.decided_at : (one.now ?? this.context.now);
    const item = { gate: one.gate, request, actor: actorOf(one), job_hash: NO_HASH, salt: SALT, min_epoch: 0 };
    let made = 0;
    const decisionId = (): string => `00000000-0000-7000-8000-${String(++made).padStart(12, '0')}`;
    const simulation = incident && one.absent.includes('payload');
    const history = incident ? null : historyOf(one);
    const outcome = decide(this.policy, item, { now, epoch: 0, decisionId, simulation, history });
    for (const { matched_rules, rule_id } of outcome.ok ? outcome.answer.decisions : []) {
      for (const id of matched_rules) this.reached.add(id);
      if (rule_id !== null) this.decided.add(rule_id);
    }
    return outcome;
  }
}

/** Of an incident it is not known; then a rule that asks denies. */
function historyOf({ history = [] }: PolicyCase): RunHistory {
  return history.map(({ topic, capability = null, jobs = 1, released = null }) => ({
    topic,
    capability,
    jobs,
    released,
  }));
}

type ExpectedFinding = NonNullable<PolicyExpectation['findings']>[number];

/** Besides the tests of the bundle those of `files` (path → YAML), e.g. incidents out of the ledger. */
export function runPolicyTests(
  policy: CompiledPolicy,
  files: Readonly<Record<string, string>> = {},
  context: TestContext = { now: DEFAULT_NOW },
): PolicyTestRun {
  const further = readTests(files);
  const run = new TestRun(policy, context);
  const own = policy.sources;
  for (const [file, tests] of own.tests) run.file(file, tests, (path) => own.locate(file, path));
  for (const { file, tests, locate } of further.read) run.file(file, tests, locate);
  return run.finish(further.faults);
}

function actorOf({ actor }: PolicyCase | PolicyIncident): Actor {
  const { id = 'test-agent', type = 'agent', owner = null } = actor ?? {};
  return { id, type, owner, auth_method: 'api_key', ceiling: null };
}

/** Or what is wrong with it: a request that no door would take proves nothing about the policy. */
function namedRequestOf(one: PolicyCase | PolicyIncident): NamedRequest | string {
  const parsed = jobRequest.safeParse(one.request);
  if (!parsed.success) {
    const [fault] = shapeFaults(parsed.error.issues[0]!, one.request);
    return `the request is none: ${tellShapeFault(fault!, 'it')}`;
  }
  const { tenant = one.tenant, job_id = 'job_id' in one ? one.job_id : 'test' } = parsed.data;
  return { ...parsed.data, tenant, job_id };
}

/** In the words of a decision, so that the two can be laid side by side. */
function expectationOf(one: PolicyCase | PolicyIncident): Record<string, unknown> {
  const expected: PolicyExpectation = one.expect ?? decidedThen(one as PolicyIncident);
  const { constraints, ...plain } = expected;
  return { ...plain, ...(constraints !== undefined && { constraints: constraintsOf(constraints) }) };
}

function decidedThen({ decided }: PolicyIncident): PolicyExpectation {
  return {
    decision: decided.decision,
    rule_id: decided.rule_id,
  };
}

function gotFrom(
  policy: CompiledPolicy,
  outcome: Extract<DecideOutcome, { ok: true }>,
  expected: Record<string, unknown>,
) {
  const { decisions } = outcome.answer;
  const final = finalDecision(outcome.answer);
  const applied = decisions.flatMap(({ remediation }) => (remediation?.applied ? [remediation.id] : []));
  const { approval, rollback, review } = final.obligations;
  const all: Record<string, unknown> = {
    decision: final.decision,
    rule_id: final.rule_id,
    constraints: final.constraints,
    stages: approval?.stages ?? [],
    asserted: final.asserted,
    ...(rollback !== undefined && { rollback }),
    ...(review !== undefined && { review }),
    pool: seePools(policy.pools, outcome.answer.effective)?.pool ?? null,
    findings: foundAmong(expected.findings, final),
  };
  const got = Object.fromEntries(Object.keys(expected).flatMap((key) => (key in all ? [[key, all[key]]] : [])));
  // A rewrite that nobody expected is a difference, though the end may be the same.
  return { ...got, ...(applied.length > 0 && { remediated_by: applied[applied.length - 1] }) };
}

/** The expected ones that were found; where one was not, everything found, without text. */
function foundAmong(expected: unknown, { findings }: Decision): unknown {
  const wanted = (expected ?? []) as ExpectedFinding[];
  const isFound = (one: ExpectedFinding): boolean =>
    findings.some(
      ({ scanner, type, place }) =>
        scanner === one.scanner && type === (one.type ?? type) && place === (one.place ?? place),
    );
  if (wanted.every(isFound)) return wanted;
  return findings.map(({ scanner, type, place }) => ({ scanner, type, place }));
}
