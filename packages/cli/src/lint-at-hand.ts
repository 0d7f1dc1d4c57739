/** Every fault of a policy, and where it compiles what is likely a mistake all the same. */
import { compilePolicy } from '@countersign/policy/compile-policy';
import { lintPolicy } from '@countersign/policy/lint-policy';
import type { LintContext } from '@countersign/policy/linted';
import type { PolicyFault } from '@countersign/policy/policy-fault';
import { type RuleFindings, tellFindings } from '@countersign/policy/tell-findings';
import { type PolicyAtHand, UNSIGNED, UNVERSIONED } from './read-policy.ts';

export type LintOptions = { strict: boolean } & LintContext;
export type Linted = {
  name: string;
  ok: boolean;
  faults: readonly PolicyFault[];
  lints: readonly PolicyFault[];
  finds: readonly RuleFindings[];
};

/** `ok`: no fault, and under `strict` no lint either. */
export const lintAtHand = ({ name, files, version }: PolicyAtHand, { strict, ...context }: LintOptions): Linted => {
  const compiled = compilePolicy(files, { version: version ?? UNVERSIONED, snapshot: UNSIGNED });
  const faults = compiled.ok ? [] : compiled.faults;
  const lints = compiled.ok ? lintPolicy(compiled.policy, context) : [];
  const finds = compiled.ok ? tellFindings(compiled.policy.sources) : [];
  return { name, ok: faults.length === 0 && !(strict && lints.length > 0), faults, lints, finds };
};
