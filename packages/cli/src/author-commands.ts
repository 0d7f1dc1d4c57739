/** `countersign policy lint | test | diff`: what an author asks before anybody else sees the policy. Without a server. */
import type { PolicyFault } from '@countersign/policy/policy-fault';
import { renderJunit } from '@countersign/policy-author/render-junit';
import { type Command, InvalidArgumentError } from 'commander';
import { comparePolicies, questionsOf } from './compare-policies.ts';
import { type Output, print, severalTimes } from './context.ts';
import { CommandFailure, EXIT } from './exit-codes.ts';
import { lintAtHand } from './lint-at-hand.ts';
import { writeText } from './read-file.ts';
import { compileAtHand, type PolicyAtHand, readPolicy } from './read-policy.ts';
import { readRequests } from './read-requests.ts';
import { showDiff, showLinted, showTestRun } from './show-policy.ts';
import { hasPassed, testPolicy, untested } from './test-policy.ts';
import type { TestedPolicy } from './tested-policy.ts';
import { wholeNumber } from './whole-number.ts';

type LintOptions = { strict?: boolean; people?: Record<string, number> };

type TestOptions = { tests: string[]; junit?: string; minCoverage?: number };

type DiffOptions = { requests?: string; exitCode?: boolean };

const POLICY = 'a folder with policy.yaml, or a bundle';

export function addAuthorCommands(policy: Command, output: Output): void {
  policy
    .command('lint')
    .description('every mistake at once')
    .argument('<policy>', POLICY)
    .option('--strict', 'lints are errors')
    .option('--people <group=n>', 'how many may vote there, so that quorums are judged; several times', addPeople)
    .action((path: string, options: LintOptions, command: Command) => lint(output, path, options, command));
  policy
    .command('test')
    .description('decide the cases of its tests')
    .argument('<policy>', POLICY)
    .option('--tests <file>', 'more cases, e.g. incidents out of the ledger; several times', severalTimes, [])
    .option('--junit <file>', 'write the results as JUnit XML')
    .option('--min-coverage <percent>', 'of the rules that a test must reach', wholeNumber)
    .action((path: string, options: TestOptions, command: Command) => test(output, path, options, command));
  policy
    .command('diff')
    .description('what the tests of both, and more requests, would get under each')
    .argument('<before>', POLICY)
    .argument('<after>', POLICY)
    .option('--requests <file>', 'JSON array or JSON Lines of requests')
    .option('--exit-code', `exit with ${EXIT.differs} when anything is decided otherwise`)
    .action((old: string, fresh: string, options: DiffOptions, command: Command) =>
      diff(output, [old, fresh], options, command),
    );
}

function addPeople(text: string, people: Record<string, number> = {}): Record<string, number> {
  const [, group, count] = /^([a-z0-9_-]{1,64})=(\d{1,6})$/.exec(text) ?? [];
  if (group === undefined) throw new InvalidArgumentError('It must be like sre=4.');
  return { ...people, [group]: Number(count) };
}

function lint(output: Output, path: string, { strict = false, people }: LintOptions, command: Command): void {
  const linted = lintAtHand(readPolicy(path), { strict, ...(people === undefined ? {} : { people }) });
  print(output, command, linted, showLinted);
  if (!linted.ok) output.exit(EXIT.faulty);
}

function test(output: Output, path: string, options: TestOptions, command: Command): void {
  const read = readPolicy(path);
  const tested = testOrReport(read, options);
  if (options.junit !== undefined) writeText(options.junit, renderJunit(tested, read.name));
  print(output, command, tested, showTestRun);
  // A policy without tests promises nothing, and a pipeline must not take that for a promise kept.
  if (tested.total === 0 || !hasPassed(tested, options.minCoverage)) output.exit(EXIT.tests_failed);
}

/** An untestable policy fails in the report too: a pipeline that shows only the report would show nothing. */
function testOrReport(read: PolicyAtHand, { tests, junit }: TestOptions): TestedPolicy {
  try {
    return testPolicy(compileAtHand(read), tests);
  } catch (thrown) {
    const faults = thrown instanceof CommandFailure ? (thrown.body.faults as PolicyFault[] | undefined) : undefined;
    if (junit !== undefined && faults !== undefined) writeText(junit, renderJunit(untested(faults), read.name));
    throw thrown;
  }
}

function diff(output: Output, [old, fresh]: [string, string], options: DiffOptions, command: Command): void {
  const [before, after] = [compileAtHand(readPolicy(old)), compileAtHand(readPolicy(fresh))];
  const further = options.requests === undefined ? [] : readRequests(options.requests);
  const compared = comparePolicies(before, after, [...questionsOf(before, after), ...further]);
  print(output, command, { before: old, after: fresh, ...compared }, showDiff);
  if (options.exitCode === true && compared.examples.length > 0) output.exit(EXIT.differs);
}
