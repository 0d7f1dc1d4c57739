/**
 * Which findings a rule speaks of: by scanner, by type, from a severity on. The same words for what comes in and what goes
 * out, and no threshold that the rule does not state: `scanners: [pii]` means every type that the scanner knows.
 */
import type { Finding } from '@countersign/contracts/decision';
import type { Match } from '@countersign/contracts/policy';
import type { OwnRules } from '@countersign/contracts/scanner-rules';
import {
  FINDING_TYPES,
  type FindingType,
  SCANNER_NAMES,
  type ScannerName,
  SEVERITY_RANK,
} from '@countersign/scanners/finding-types';
import { ownFindingTypes } from '@countersign/scanners/own-rules';

type Source = Pick<Match, 'scanners' | 'types' | 'min_severity'>;
export type FindingsWanted = {
  scanners: ReadonlySet<string> | null;
  types: ReadonlySet<string> | null;
  /** Of `SEVERITY_RANK`; 0 takes all. */
  least: number;
};

/** Null where the match does not look at findings. */
export function compileFindings({ scanners, types, min_severity }: Source): FindingsWanted | null {
  if (scanners === undefined && types === undefined && min_severity === undefined) return null;
  return {
    scanners: scanners === undefined ? null : new Set(scanners),
    types: types === undefined ? null : new Set(types),
    least: min_severity === undefined ? 0 : SEVERITY_RANK[min_severity],
  };
}

export function findingFits(
  { scanners, types, least }: FindingsWanted,
  finding: Omit<Finding, 'place' | 'count'>,
): boolean {
  if (scanners !== null && !scanners.has(finding.scanner)) return false;
  if (types !== null && !types.has(finding.type)) return false;
  return SEVERITY_RANK[finding.severity] >= least;
}

/** Every type of finding that there is, with an operator's own rules. */
export function allTypes(own: OwnRules | undefined): readonly FindingType[] {
  return own === undefined ? FINDING_TYPES : [...FINDING_TYPES, ...ownFindingTypes(own)];
}

/** Every type of finding that could fit: a type's severity is the highest that a finding of it has. */
export function typesWanted(wanted: FindingsWanted, types: readonly FindingType[]): FindingType[] {
  return types.filter((type) => findingFits(wanted, type));
}

/** Those that have to look, in the scanners' own order. */
export function scannersWanted(all: Iterable<FindingsWanted>, types: readonly FindingType[]): ScannerName[] {
  const names = new Set([...all].flatMap((wanted) => typesWanted(wanted, types)).map(({ scanner }) => scanner));
  return SCANNER_NAMES.filter((name) => names.has(name));
}
