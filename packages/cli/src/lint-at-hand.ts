/** Every fault of a policy, and where it compiles what is likely a mistake all the same. */
import { compilePolicy } from '@countersign/policy/compile-policy';
import type { PolicyFault } from '@countersign/policy/policy-fault';
import type { PolicyAtHand } from './read-policy.ts';

export type Linted = { name: string; ok: boolean; faults: readonly PolicyFault[]; lints: readonly PolicyFault[] };

/** `ok`: no fault, and under `strict` no lint either. */
export const lintAtHand = ({ name, files, version }: PolicyAtHand, strict: boolean): Linted => {
  const compiled = compilePolicy(files, { version: version ?? 1, snapshot: 'unsigned' });
  const faults = compiled.ok ? [] : compiled.faults;
  const lints: PolicyFault[] = [];
  return { name, ok: faults.length === 0 && !(strict && lints.length > 0), faults, lints };
};
