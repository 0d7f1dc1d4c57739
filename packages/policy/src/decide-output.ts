/**
 * May a worker's output leave: allow, redact or quarantine, from findings that someone else made. The strictest matching
 * rule stands, so no rule can loosen another; the content itself is never seen here.
 */
import type { Finding } from '@countersign/contracts/decision';
import { isStricter, type OutputDecision } from '@countersign/contracts/output';
import type { OutputPolicyActive, OutputPolicySource, ScanSettingsByTenant } from '@countersign/contracts/policy';
import {
  type AnyTypeName,
  type FindingType,
  SCANNER_NAMES,
  type ScannerName,
} from '@countersign/scanners/finding-types';
import {
  allTypes,
  compileFindings,
  type FindingsWanted,
  findingFits,
  scannersWanted,
  typesWanted,
} from './match-findings.ts';
import { type Glob, globMatches, splitTokens } from './match-glob.ts';

type CompiledOutputRule = {
  id: string;
  decision: OutputDecision;
  reason: string;
  /** Null: the rule holds whatever was found. */
  findings: FindingsWanted | null;
  tenants: ReadonlySet<string> | null;
  topics: readonly Glob[] | null;
  capabilities: readonly Glob[] | null;
};
export type CompiledOutputPolicy = {
  enabled: boolean;
  fail_mode: OutputPolicySource['fail_mode'];
  /** How many people it takes to release what is quarantined. */
  reviewers: number;
  /** What becomes of an artifact that is no text. */
  binary: 'allow' | 'quarantine';
  rules: readonly CompiledOutputRule[];
  /** What the content must be scanned for before `decideOutput` can be asked. */
  scanners: readonly ScannerName[];
  scanning: ScanSettingsByTenant;
  /** Every type of finding that there is under this policy. */
  types: readonly FindingType[];
};
export type OutputSubject = { tenant: string; topic: string; capability: string | null; findings: readonly Finding[] };
export type OutputVerdict = {
  decision: OutputDecision;
  rule_id: string | null;
  reason: string;
  matched_rules: string[];
  /** With `redact`: which matches must be taken out. */
  redact: AnyTypeName[];
};

/** `enabled` without a word on rules must mean something: credentials never leave, personal data is taken out. */
const BUILT_IN: NonNullable<OutputPolicySource['rules']> = [
  {
    id: 'built-in-secrets',
    match: { scanners: ['secrets'] },
    decision: 'quarantine',
    reason: 'a credential in the output',
  },
  { id: 'built-in-pii', match: { scanners: ['pii'] }, decision: 'redact', reason: 'personal data in the output' },
];

/** `source` as it was stored when it came into force, after its zod shape. */
export function compileOutputPolicy(source: OutputPolicyActive): CompiledOutputPolicy {
  const rules = (source.rules ?? BUILT_IN).map(({ id, decision, reason, match }) => ({
    id,
    decision,
    reason: reason ?? `output rule ${id}`,
    findings: compileFindings(match),
    tenants: match.tenants === undefined ? null : new Set(match.tenants),
    topics: match.topics?.map(splitTokens) ?? null,
    capabilities: match.capabilities?.map(splitTokens) ?? null,
  }));
  const types = allTypes(source.scanning.own);
  const looking = rules.map(({ findings }) => findings);
  const scanners = looking.includes(null)
    ? [...SCANNER_NAMES]
    : scannersWanted(
        looking.filter((one) => one !== null),
        types,
      );
  const { enabled, fail_mode, scanning, reviewers = 1, binary = 'quarantine' } = source;
  return { enabled, fail_mode, reviewers, binary, rules, scanners, scanning, types };
}

export function decideOutput(policy: CompiledOutputPolicy, subject: OutputSubject): OutputVerdict {
  const matched = policy.enabled ? policy.rules.filter((rule) => outputRuleHolds(rule, subject)) : [];
  const allowed: OutputVerdict = {
    decision: 'allow',
    rule_id: null,
    reason: 'no output rule matched',
    matched_rules: [],
    redact: [],
  };
  const deciding = matched.reduce<CompiledOutputRule | null>(
    (best, rule) => (best === null || isStricter(rule.decision, best.decision) ? rule : best),
    null,
  );
  if (deciding === null) return allowed;
  const redacting = matched.filter((rule) => rule.decision === 'redact');
  return {
    decision: deciding.decision,
    rule_id: deciding.id,
    reason: deciding.reason,
    matched_rules: matched.map((rule) => rule.id),
    redact: deciding.decision === 'redact' ? redactedBy(redacting, policy.types) : [],
  };
}

function outputRuleHolds(rule: CompiledOutputRule, subject: OutputSubject): boolean {
  const { findings, tenants, topics, capabilities } = rule;
  if (tenants !== null && !tenants.has(subject.tenant)) return false;
  if (topics !== null && !topics.some((glob) => globMatches(glob, splitTokens(subject.topic)))) return false;
  const { capability } = subject;
  if (
    capabilities !== null &&
    (capability === null || !capabilities.some((glob) => globMatches(glob, splitTokens(capability))))
  )
    return false;
  return findings === null || subject.findings.some((finding) => findingFits(findings, finding));
}

/** A redact rule that looks at no findings means whatever is found. */
function redactedBy(rules: readonly CompiledOutputRule[], all: readonly FindingType[]): AnyTypeName[] {
  const types = rules.flatMap(({ findings }) => (findings === null ? [...all] : typesWanted(findings, all)));
  return [...new Set(types.map(({ type }) => type))];
}
