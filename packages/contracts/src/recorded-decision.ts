/**
 * A decision as a ledger entry holds it: without what the entry says itself (the job's hash, and the effective digest where
 * it is the same) and without what says nothing. Whoever reads it gets the whole decision back.
 */
import { z } from 'zod';
import { type Decision, decision } from './decision.ts';

/** What an entry says beside its decisions. */
export type SaidByEntry = { job_hash?: unknown; effective_digest?: unknown };

/** Made once: a schema costs a hundred times what it reads. */
const rule_of = z.object({ rule_id: z.string().nullable() });

const SILENT = { remediation: null, fail_mode: null, constraints: {}, obligations: {}, findings: [], asserted: [] };

export function recordDecision(made: Decision, said: SaidByEntry): Record<string, unknown> {
  const { job_hash, effective_digest, matched_rules, ...rest } = made;
  const silent = Object.keys(SILENT) as (keyof typeof SILENT)[];
  const kept: Record<string, unknown> = { ...rest };
  for (const name of silent) if (isSilent(made[name])) delete kept[name];
  if (job_hash !== said.job_hash) kept.job_hash = job_hash;
  if (effective_digest !== said.effective_digest) kept.effective_digest = effective_digest;
  if (matched_rules.join('\n') !== onlyOf(made.rule_id).join('\n')) kept.matched_rules = matched_rules;
  return kept;
}

/** Null for anything else. Whole decisions, as entries held them before, are read as they are. */
export function readRecordedDecision(recorded: unknown, said: SaidByEntry): Decision | null {
  if (recorded === undefined) return null;
  const rule = rule_of.safeParse(recorded).data;
  if (rule === undefined) return null;
  const { job_hash, effective_digest } = said;
  const whole = { ...SILENT, job_hash, effective_digest, matched_rules: onlyOf(rule.rule_id), ...(recorded as object) };
  return decision.safeParse(whole).data ?? null;
}

function isSilent(value: unknown): boolean {
  return value === null || Object.keys(value as object).length === 0;
}

/** The rule that decided, and no other. */
function onlyOf(rule_id: string | null): string[] {
  return rule_id === null ? [] : [rule_id];
}
