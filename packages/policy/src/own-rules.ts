/**
 * An operator's own scanner rules, checked and bounded: every expression is RE2, finds something, and all of them together
 * stay small enough to be run beside decisions. What a rule's author states as examples has to hold.
 */
import { LIMITS } from '@countersign/contracts/limits';
import {
  type OwnModel,
  type OwnRule,
  type OwnRuleSource,
  type OwnRules,
  ownModel,
  ownRule,
  type ScannersSource,
} from '@countersign/contracts/scanner-rules';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { snapshotOf } from '@countersign/ledger/digest';
import { readPattern } from '@countersign/scanners/linear-patterns';
import { findsOwn } from '@countersign/scanners/own-rules';
import { type FaultCode, faultAt, type Path, type Place, type PolicyFault } from './policy-fault.ts';
import { readGitleaks } from './read-gitleaks.ts';

export const SCANNERS_FILE = 'scanners.yaml';

type Placed = {
  rule: OwnRule;
  file: string;
  locate: (path: Path) => Place;
  examples: OwnRuleSource['examples'];
};
type Tomls = ReadonlyMap<string, string>;
type Locate = (path: Path) => Place;

type Fault = (code: FaultCode, path: Path, detail: string) => void;

/** A mark reads as blanks, so what finds blanks would find each mark again. */
const BLANKS = ' '.repeat(256);

/** `tomls`: the bundle's TOML files, by path. `own` is left out where there are no rules. */
export function settleOwnRules(
  source: ScannersSource | null,
  tomls: Tomls,
  locate: Locate,
): { own?: OwnRules; faults: PolicyFault[] } {
  const { placed, faults } = placeRules(source, tomls, locate);
  faults.push(...checkRules(placed));
  const models = placeModels(source, locate, faults);
  if (placed.length === 0 && models.length === 0) return { faults };
  const rules = placed.map(({ rule }) => rule);
  const digest = snapshotOf(canonicalize(rules));
  return { own: { digest, rules, ...(models.length > 0 && { models }) }, faults };
}

function placeRules(source: ScannersSource | null, tomls: Tomls, locate: Locate) {
  const faults: PolicyFault[] = [];
  const placed: Placed[] = (source?.rules ?? []).map(({ id, describes: _, examples, ...rule }, i) => ({
    rule: ownRule.parse({ ...rule, type: `custom-${id}` }),
    file: SCANNERS_FILE,
    locate: (path) => locate(['rules', i, ...path]),
    examples,
  }));
  const named = new Set<string>();
  source?.gitleaks.forEach((entry, i) => {
    const { file } = entry;
    const text = tomls.get(file);
    const at = locate(['gitleaks', i, 'file']);
    if (text === undefined) faults.push(faultAt('file_missing', SCANNERS_FILE, at, `the bundle has no ${file}`));
    else if (named.has(file)) faults.push(faultAt('id_duplicate', SCANNERS_FILE, at, `${file} stands twice`));
    else {
      const read = readGitleaks(entry, text);
      faults.push(...read.faults);
      placed.push(...read.rules.map((one) => ({ ...one, file, examples: undefined })));
    }
    named.add(file);
  });
  for (const file of tomls.keys()) {
    if (named.has(file)) continue;
    const detail = `no entry under gitleaks in ${SCANNERS_FILE} names it`;
    faults.push(faultAt('file_unknown', file, { line: 1, column: 1 }, detail));
  }
  return { placed, faults };
}

function checkRules(placed: readonly Placed[]): PolicyFault[] {
  const faults: PolicyFault[] = [];
  const seen = new Set<string>();
  const counted = new Set<string>();
  let instructions = 0;
  let letters = 0;
  for (const { rule, file, locate, examples } of placed.slice(0, LIMITS.own_rules)) {
    const fault = (code: FaultCode, path: Path, detail: string): void => {
      if (faults.length < LIMITS.policy_faults)
        faults.push(faultAt(code, file, locate(path), `${rule.type}: ${detail}`));
    };
    if (seen.has(rule.type)) fault('id_duplicate', ['id'], 'another own rule has the same id');
    seen.add(rule.type);
    const before = faults.length;
    for (const { pattern, path } of patternsOf(rule)) {
      const size = counted.has(pattern) ? 0 : checkPattern(rule, pattern, path, fault);
      counted.add(pattern);
      if (instructions <= LIMITS.own_rules_instructions && instructions + size > LIMITS.own_rules_instructions)
        fault(
          'own_rule_too_costly',
          path,
          `with it all rules compile to more than ${LIMITS.own_rules_instructions} instructions`,
        );
      instructions += size;
    }
    const more = rule.keywords.reduce((sum, word) => sum + word.length, 0);
    if (letters <= LIMITS.own_keyword_chars && letters + more > LIMITS.own_keyword_chars)
      fault(
        'own_rule_too_costly',
        ['keywords'],
        `with them all keywords have more than ${LIMITS.own_keyword_chars} characters`,
      );
    letters += more;
    if (faults.length === before) checkExamples(rule, examples, fault);
  }
  const beyond = placed[LIMITS.own_rules];
  if (beyond !== undefined)
    faults.push(
      faultAt(
        'own_rule_too_costly',
        beyond.file,
        beyond.locate([]),
        `a policy has at most ${LIMITS.own_rules} own rules`,
      ),
    );
  return faults;
}

function patternsOf(rule: OwnRule): { pattern: string; path: Path }[] {
  return [
    { pattern: rule.regex, path: ['regex'] },
    ...rule.allow.flatMap(({ regexes }, i) => regexes.map((pattern) => ({ pattern, path: ['allow', i, 'regexes'] }))),
  ];
}

/** How many instructions it compiles to. */
function checkPattern(rule: OwnRule, pattern: string, path: Path, fault: Fault): number {
  const compiled = readPattern(pattern);
  if (compiled === null) {
    fault('pattern_invalid', path, 'the expression is outside RE2');
    return 0;
  }
  const size = compiled.programSize();
  if (size > LIMITS.own_rule_instructions)
    fault(
      'own_rule_too_costly',
      path,
      `the expression compiles to ${size} instructions, and ${LIMITS.own_rule_instructions} is the most`,
    );
  else if (path[0] === 'regex') {
    if (compiled.test('') || compiled.test(BLANKS)) fault('own_rule_unfit', path, 'it finds nothing but white space');
    if (rule.secret_group > compiled.groupCount())
      fault('field_invalid', ['secret_group'], `the expression has ${compiled.groupCount()} groups`);
  }
  return size;
}

function checkExamples(rule: OwnRule, examples: OwnRuleSource['examples'], fault: Fault): void {
  const own: OwnRules = { digest: snapshotOf(canonicalize([rule])), rules: [rule] };
  examples?.finds.forEach((text, i) => {
    if (!findsOwn(text, own))
      fault('example_failed', ['examples', 'finds', i], 'the rule does not find its own example');
  });
  examples?.ignores.forEach((text, i) => {
    if (findsOwn(text, own))
      fault('example_failed', ['examples', 'ignores', i], 'the rule finds what it should ignore');
  });
}

function placeModels(source: ScannersSource | null, locate: Locate, faults: PolicyFault[]): OwnModel[] {
  const models = source?.models ?? [];
  models.forEach(({ name }, i) => {
    if (models.findIndex((other) => other.name === name) === i) return;
    const at = locate(['models', i, 'name']);
    faults.push(faultAt('id_duplicate', SCANNERS_FILE, at, `${name} stands twice`));
  });
  return models.map(({ name, scanner, severities }) => ownModel.parse({ type: `model-${name}`, scanner, severities }));
}
