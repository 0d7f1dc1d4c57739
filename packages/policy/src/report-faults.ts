/**
 * Collects faults with their places up to a bound: a policy built to have a million of them must not cost a million.
 */
import type { BundleSources } from './parse-bundle.ts';
import { POLICY_FILE } from './parse-bundle.ts';
import { type FaultCode, faultAt, type Path, type PolicyFault } from './policy-fault.ts';

/** Where a thing stands: the file and the way to it. */
export type At = { file: string; path: Path };
/** Silent beyond the bound: then `fix` is not even looked for. */
export type Report = (code: FaultCode, at: At, detail: string, fix?: string | (() => string | undefined)) => void;

export function below({ file, path }: At, ...steps: PropertyKey[]): At {
  return { file, path: [...path, ...steps] };
}

export function inPolicy(...path: PropertyKey[]): At {
  return { file: POLICY_FILE, path };
}

export function reporter(sources: BundleSources, faults: PolicyFault[], most: number): Report {
  return (code, { file, path }, detail, fix) => {
    if (faults.length >= most) return;
    const says = typeof fix === 'function' ? fix() : fix;
    faults.push(faultAt(code, file, sources.locate(file, path), detail, says));
  };
}
