/**
 * Reads a gitleaks configuration into own rules. What its fields mean there they mean here; what nothing here can hold is
 * refused by name, with the line that it stands on. Text that comes through a gate has no path, no commit and no history.
 */
import { issueWords } from '@countersign/contracts/issue-words';
import { LIMITS } from '@countersign/contracts/limits';
import { type GitleaksSource, type OwnRule, ownRule } from '@countersign/contracts/scanner-rules';
import { parse, TomlError } from 'smol-toml';
import { z } from 'zod';
import { type FaultCode, faultAt, type Path, type Place, type PolicyFault, TOP } from './policy-fault.ts';
import { placedFaults } from './shape-faults.ts';
import { locateInToml } from './toml-places.ts';

export type GitleaksRule = { rule: OwnRule; locate: (path: Path) => Place };
export type GitleaksFile = { rules: GitleaksRule[]; faults: PolicyFault[] };

const texts = z.array(z.string()).default([]);
const words = z.string().optional();

const allowlist = z.strictObject({
  description: words,
  condition: z
    .enum(['OR', 'AND', 'or', 'and', '||', '&&'])
    .default('OR')
    .transform((text) => (text.toLowerCase() === 'and' || text === '&&' ? ('and' as const) : ('or' as const))),
  regexTarget: z
    .enum(['', 'secret', 'match', 'line'])
    .default('secret')
    .transform((text) => (text === '' ? ('secret' as const) : text)),
  regexes: texts,
  stopwords: texts,
});
const globalAllowlist = allowlist.extend({ targetRules: texts });
const rule = z.strictObject({
  id: z.string(),
  description: words,
  regex: z.string(),
  secretGroup: z.int().optional(),
  entropy: z.number().optional(),
  keywords: texts,
  /** Words for people: they change nothing that gitleaks finds either. */
  tags: texts,
  allowlist: allowlist.optional(),
  allowlists: z.array(allowlist).default([]),
});
const config = z.strictObject({
  title: words,
  description: words,
  rules: z.array(rule).max(LIMITS.own_rules).default([]),
  allowlist: globalAllowlist.optional(),
  allowlists: z.array(globalAllowlist).default([]),
});
type Allowlist = z.infer<typeof allowlist>;
type GlobalAllowlist = z.infer<typeof globalAllowlist>;

const NO_FILES = 'what comes through a gate has no path, so it would hold for nothing';
const NOT_HELD: Readonly<Record<string, string>> = {
  path: NO_FILES,
  paths: NO_FILES,
  commits: 'what comes through a gate has no commit, so it would hold for nothing',
  extend: 'no other configuration is read; what gitleaks itself knows the scanners look for in their own way',
  required: 'a rule stands alone here; none waits for another',
  skipReport: 'a rule whose findings are not reported would hold nothing',
  minVersion: 'this is not gitleaks, and has other versions',
};

const GITLEAKS_NAMES: Readonly<Record<string, string>> = {
  type: 'id',
  secret_group: 'secretGroup',
  allow: 'allowlists',
};

/** At most `LIMITS.policy_file_bytes` of TOML. Reports everything that it can tell apart. */
export function readGitleaks(source: GitleaksSource, text: string): GitleaksFile {
  const { file } = source;
  const refuse = (code: FaultCode, place: Place, detail: string): GitleaksFile => ({
    rules: [],
    faults: [faultAt(code, file, place, detail)],
  });
  if (Buffer.byteLength(text) > LIMITS.policy_file_bytes)
    return refuse('file_too_large', TOP, `a file has at most ${LIMITS.policy_file_bytes} bytes`);
  try {
    return convert(source, parse(text, { maxDepth: LIMITS.json_depth }), locateInToml(text));
  } catch (thrown) {
    if (!(thrown instanceof TomlError)) throw thrown;
    return refuse('toml_malformed', { line: thrown.line, column: thrown.column }, thrown.message.split('\n')[0]!);
  }
}

function convert(source: GitleaksSource, value: unknown, locate: (path: Path) => Place): GitleaksFile {
  const { file } = source;
  const parsed = config.safeParse(value);
  if (!parsed.success) {
    const issues = parsed.error.issues.slice(0, LIMITS.policy_faults);
    return { rules: [], faults: issues.flatMap((issue) => issueFaults(file, issue, value, locate)) };
  }
  const faults: PolicyFault[] = [];
  const fault = (code: FaultCode, path: Path, detail: string): void => {
    faults.push(faultAt(code, file, locate(path), detail));
  };
  const { rules, allowlists, allowlist: single } = parsed.data;
  const everywhere = single === undefined ? allowlists : [single, ...allowlists];
  const ids = new Set(rules.map(({ id }) => id));
  const checkTargets = ({ targetRules }: GlobalAllowlist, ...path: PropertyKey[]): void => {
    for (const id of targetRules)
      if (!ids.has(id))
        fault('field_invalid', [...path, 'targetRules'], `targetRules names ${id}, and there is no such rule`);
  };
  if (single !== undefined) checkTargets(single, 'allowlist');
  allowlists.forEach((each, i) => void checkTargets(each, 'allowlists', i));
  for (const id of Object.keys(source.rules))
    if (!ids.has(id))
      fault('field_invalid', [], `scanners.yaml speaks of the rule ${id}, which the file does not have`);
  const converted = rules.flatMap((each, i) => {
    const global = everywhere.filter(({ targetRules }) => targetRules.length === 0 || targetRules.includes(each.id));
    const settled = ownRule.safeParse(settle(source, each, global));
    if (settled.success)
      return [{ rule: settled.data, locate: (path: Path) => locate(['rules', i, ...path.map(inGitleaks)]) }];
    for (const issue of settled.error.issues)
      fault(
        'field_invalid',
        ['rules', i, ...issue.path.map(inGitleaks)],
        `rule ${each.id}, ${issue.path.map(inGitleaks).join('.')}: ${issueWords(issue)}`,
      );
    return [];
  });
  return { rules: converted, faults };
}

function issueFaults(
  file: string,
  issue: z.core.$ZodIssue,
  value: unknown,
  locate: (path: Path) => Place,
): PolicyFault[] {
  if (issue.code !== 'unrecognized_keys') return placedFaults(issue, { file, value, locate }, 'the document');
  return issue.keys.slice(0, LIMITS.reported_faults).map((key) => {
    const path = [...issue.path, key];
    const says = Object.hasOwn(NOT_HELD, key) ? NOT_HELD[key] : undefined;
    if (says !== undefined) return faultAt('not_enforced', file, locate(path), `${path.join('.')}: ${says}`);
    return faultAt('field_unknown', file, locate(path), `${path.join('.')} is not a field of gitleaks`);
  });
}

function settle(
  source: GitleaksSource,
  each: z.infer<typeof rule>,
  global: readonly Allowlist[],
): z.input<typeof ownRule> {
  const worth = source.rules[each.id] ?? {};
  const own = each.allowlist === undefined ? each.allowlists : [each.allowlist, ...each.allowlists];
  return {
    type: `custom-${each.id}`,
    scanner: worth.scanner ?? source.scanner,
    severity: worth.severity ?? source.severity,
    confidence: worth.confidence ?? source.confidence,
    regex: each.regex,
    secret_group: each.secretGroup ?? 0,
    entropy: each.entropy ?? 0,
    keywords: each.keywords,
    allow: [...own, ...global].map(({ condition, regexTarget, regexes, stopwords }) => ({
      condition,
      target: regexTarget,
      regexes,
      stopwords,
    })),
  };
}

function inGitleaks(step: PropertyKey): PropertyKey {
  return typeof step === 'string' ? (GITLEAKS_NAMES[step] ?? step) : step;
}
