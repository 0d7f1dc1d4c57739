/** Every fault of a policy, and where it compiles what is likely a mistake all the same. */
import { type CompileOptions, compilePolicy } from '@countersign/policy/compile-policy';
import type { CompiledPolicy } from '@countersign/policy/compiled-policy';
import type { PolicyFault } from '@countersign/policy/policy-fault';
import { lintPolicy } from './lint-policy.ts';
import type { LintContext } from './linted.ts';

export type LintOptions = { strict: boolean } & LintContext;
/** `ok`: no fault, and under `strict` no lint either. `policy`: null where there are faults. */
export type LintedFiles = {
  ok: boolean;
  faults: readonly PolicyFault[];
  lints: readonly PolicyFault[];
  policy: CompiledPolicy | null;
};

export function lintFiles(
  files: Readonly<Record<string, string>>,
  options: CompileOptions,
  { strict, ...context }: LintOptions,
): LintedFiles {
  const compiled = compilePolicy(files, options);
  if (!compiled.ok) return { ok: false, faults: compiled.faults, lints: [], policy: null };
  const lints = lintPolicy(compiled.policy, context);
  return { ok: !strict || lints.length === 0, faults: [], lints, policy: compiled.policy };
}
