/**
 * Decides what may leave of one output: all of it, a copy without the matches, or nothing. Pure. Whatever it cannot
 * judge is quarantined; only a scan that fails under an explicit `fail_mode: open` lets anything through unread.
 */
import type { Finding } from '@countersign/contracts/decision';
import { LIMITS } from '@countersign/contracts/limits';
import type { OutputDecision } from '@countersign/contracts/output';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { type CompiledOutputPolicy, decideOutput } from '@countersign/policy/decide-output';
import { limitsOf, settingsFor } from '@countersign/policy/scan-settings';
import { type AnyTypeName, SCANNER_NAMES } from '@countersign/scanners/finding-types';
import type { ModelResult } from '@countersign/scanners/model-findings';
import { redactValue } from '@countersign/scanners/redact';
import { type ScanResult, scanValue } from '@countersign/scanners/scan';
import type { ScanLimits } from '@countersign/scanners/scan-limits';

export type Screening = {
  decision: OutputDecision;
  rule_id: string | null;
  reason: string;
  findings: Finding[];
  /** Canonical text of what may be read; null when nothing may. */
  released: string | null;
  /** Set when the scan failed and the policy says `fail_mode: open`, or a model did and the settings say so. */
  fail_mode: 'open' | null;
};

export type ScreenedOutput = {
  output: unknown;
  /** The same, canonical. */
  text: string;
  tenant: string;
  topic: string;
  capability: string | null;
  /** What a model said of it; left out where none was asked. */
  model?: ModelSaid;
};

/** `failed`: it gave no answer, and its fail mode is open. */
export type ModelSaid = Pick<Extract<ModelResult, { ok: true }>, 'findings' | 'matches'> | 'failed';

type Redaction = {
  verdict: ReturnType<typeof decideOutput>;
  findings: Finding[];
  bounds: Partial<ScanLimits>;
};

export function quarantine(reason: string, findings: Finding[] = [], rule_id: string | null = null): Screening {
  return {
    decision: 'quarantine',
    rule_id,
    reason,
    findings,
    released: null,
    fail_mode: null,
  };
}

export function screenOutput(policy: CompiledOutputPolicy | null, subject: ScreenedOutput): Screening {
  return screenWithin(policy, subject, Number.POSITIVE_INFINITY)!;
}

/** Null where own rules would take more work than `max_rule_work` (instructions times characters). */
export function screenWithin(
  policy: CompiledOutputPolicy | null,
  subject: ScreenedOutput,
  max_rule_work: number,
): Screening | null {
  if (policy === null) return quarantine('no output policy is active');
  if (Buffer.byteLength(subject.text) > LIMITS.output_bytes)
    return quarantine('the output is too large to be screened');
  if (!policy.enabled) return allow(subject, 'the output policy is switched off', [], null);
  const bounds = { ...limitsOf(settingsFor(policy.scanning, subject.tenant)), max_rule_work };
  const scanned = scan(policy, subject.output, bounds);
  if (!scanned.ok) return scanned.code === 'rules_too_costly' ? null : failedScan(policy, subject);
  const said = subject.model === 'failed' ? undefined : subject.model;
  const findings = [...scanned.findings, ...(said?.findings ?? [])];
  const { tenant, topic, capability } = subject;
  const verdict = decideOutput(policy, { tenant, topic, capability, findings });
  if (verdict.decision === 'quarantine') return quarantine(verdict.reason, findings, verdict.rule_id);
  if (verdict.decision === 'allow') return marked(subject, allow(subject, verdict.reason, findings, verdict.rule_id));
  const redacted = redact(policy, subject, { verdict, findings, bounds });
  return redacted === null ? null : marked(subject, redacted);
}

export function failedScan(policy: CompiledOutputPolicy, subject: ScreenedOutput): Screening {
  return policy.fail_mode === 'open'
    ? { ...allow(subject, 'the scan failed and fail_mode is open', [], null), fail_mode: 'open' }
    : quarantine('the output could not be scanned');
}

/** Whether another capability could have led to another answer. */
export function looksAtCapability(policy: CompiledOutputPolicy | null): boolean {
  return policy?.rules.some((rule) => rule.capabilities !== null) ?? false;
}

function allow(subject: ScreenedOutput, reason: string, findings: Finding[], rule_id: string | null): Screening {
  return {
    decision: 'allow',
    rule_id,
    reason,
    findings,
    released: subject.text,
    fail_mode: null,
  };
}

function scan(
  policy: CompiledOutputPolicy,
  output: unknown,
  bounds: Partial<ScanLimits>,
): ScanResult | { ok: false; code: 'failed' } {
  try {
    return scanValue(output, policy.scanners, bounds);
  } catch {
    // Its error may quote the output, so none of it is passed on.
    return { ok: false, code: 'failed' };
  }
}

/** What left without the word of a model says so. */
function marked({ model }: ScreenedOutput, screening: Screening): Screening {
  return model === 'failed' && screening.released !== null ? { ...screening, fail_mode: 'open' } : screening;
}

function redact(
  policy: CompiledOutputPolicy,
  subject: ScreenedOutput,
  { verdict, findings, bounds }: Redaction,
): Screening | null {
  const { rule_id, reason } = verdict;
  const redacted = redactedText(policy, subject, verdict.redact, bounds);
  if (redacted.ok) return { decision: 'redact', rule_id, reason, findings, released: redacted.text, fail_mode: null };
  return redacted.code === 'rules_too_costly'
    ? null
    : quarantine('the output could not be redacted', findings, verdict.rule_id);
}

function redactedText(
  { types: all }: CompiledOutputPolicy,
  { output, model }: ScreenedOutput,
  types: readonly AnyTypeName[],
  bounds: Partial<ScanLimits>,
): { ok: true; text: string } | { ok: false; code: string } {
  try {
    const matches = model === undefined || model === 'failed' ? null : model.matches;
    const meant = all.filter(({ type }) => types.includes(type));
    const scanners = SCANNER_NAMES.filter((name) => meant.some(({ scanner }) => scanner === name));
    const redacted = redactValue(output, scanners, bounds, types, matches);
    return redacted.ok ? { ok: true, text: canonicalize(redacted.value) } : redacted;
  } catch {
    return { ok: false, code: 'failed' };
  }
}
