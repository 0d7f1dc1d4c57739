/** Runs the tests of a policy and says how much of it they reached. A policy whose tests fail is not built. */
import { basename } from 'node:path';
import type { CompiledPolicy } from '@countersign/policy/compiled-policy';
import type { PolicyFault } from '@countersign/policy/policy-fault';
import { type PolicyTestRun, type RuleCoverage, runPolicyTests } from '@countersign/policy-author/run-policy-tests';
import { faulty } from './bundle-file.ts';
import { CommandFailure, EXIT } from './exit-codes.ts';
import { readText } from './read-file.ts';
import { showTestRun } from './show-policy.ts';
import type { Coverage, TestedPolicy } from './tested-policy.ts';

/** `further`: files with more cases, e.g. incidents out of the ledger. Throws CommandFailure for one that is none. */
export function testPolicy(policy: CompiledPolicy, further: readonly string[] = []): TestedPolicy {
  const files = Object.fromEntries(further.map((path) => [further.length > 1 ? path : basename(path), readText(path)]));
  const run = runPolicyTests(policy, files);
  if (run.faults.length > 0) throw faulty(further.join(', '), run.faults);
  const failed = run.cases.filter(({ ok }) => !ok).length;
  return { ...run, total: run.cases.length, failed, reach: reachOf(run) };
}

/** A run of nothing, for faults that kept the tests from running. */
export function untested(faults: PolicyFault[]): PolicyTestRun {
  return {
    ok: false,
    cases: [],
    coverage: { rules: [], input_rules: [], tiers: [] },
    faults,
  };
}

export function hasPassed({ ok, reach }: TestedPolicy, minCoverage = 0): boolean {
  return ok && reach.percent >= minCoverage;
}

/** Throws CommandFailure that says which case or which rules. */
export function requirePassed(tested: TestedPolicy, minCoverage = 0): void {
  if (hasPassed(tested, minCoverage)) return;
  const { failed, total, reach } = tested;
  const detail =
    failed > 0
      ? `${failed} of ${total} tests failed: nothing was built`
      : `the tests reach ${reach.percent} % of the rules, ${minCoverage} % are asked for: nothing was built`;
  throw new CommandFailure(EXIT.tests_failed, `${showTestRun(tested)}\n\n${detail}`, {
    code: 'policy_tests_failed',
    detail,
    cases: tested.cases.filter(({ ok }) => !ok),
    unreached: reach.unreached,
  });
}

function reachOf({ coverage }: PolicyTestRun): Coverage {
  const all: RuleCoverage[] = Object.values(coverage).flat();
  const unreached = all.filter(({ reached }) => !reached).map(({ id }) => id);
  const reached = all.length - unreached.length;
  const percent = all.length === 0 ? 100 : Math.floor((100 * reached) / all.length);
  return { rules: all.length, reached, percent, unreached };
}
