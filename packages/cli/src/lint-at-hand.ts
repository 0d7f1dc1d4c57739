/** Every fault of a policy, what is likely a mistake all the same, and what its rules find in content. */
import { type LintedFiles, type LintOptions, lintFiles } from '@countersign/policy-author/lint-files';
import { type RuleFindings, tellFindings } from '@countersign/policy-author/tell-findings';
import { type PolicyAtHand, UNSIGNED, UNVERSIONED } from './read-policy.ts';

export type Linted = Omit<LintedFiles, 'policy'> & { name: string; finds: readonly RuleFindings[] };

export function lintAtHand({ name, files, version }: PolicyAtHand, options: LintOptions): Linted {
  const { policy, ...linted } = lintFiles(files, { version: version ?? UNVERSIONED, snapshot: UNSIGNED }, options);
  return { name, ...linted, finds: policy === null ? [] : tellFindings(policy.sources) };
}
