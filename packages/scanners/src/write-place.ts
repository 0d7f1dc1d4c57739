/** Writes where in a document something was found, without saying what. */
import { LIMITS } from '@countersign/contracts/limits';
import { SCANNER_NAMES } from './finding-types.ts';
import { matchText } from './match-text.ts';
import { budgetOf, type ScanLimits } from './scan-limits.ts';
import { NOWHERE } from './surroundings.ts';
import type { Path } from './walk-document.ts';

const MAX_NAME_IN_PLACE = 64;
/** Names that take more are not repeated. */
const WORK_A_CHAR = 1024;

/** A long way down is written by positions alone: places stand in decisions and in evidence. */
export function writePlace(path: Path | null, bounds: ScanLimits): string {
  const place = joinPlace(path, (at) => writeSegment(at, bounds));
  return place.length <= LIMITS.pointer_chars ? place : joinPlace(path, writePosition);
}

function joinPlace(path: Path | null, write: (at: Path) => string): string {
  const segments: string[] = [];
  for (let at = path; at; at = at.parent) segments.push(`/${write(at)}`);
  return segments.reverse().join('');
}

function writeSegment(at: Path, bounds: ScanLimits): string {
  const { name } = at;
  if (typeof name === 'number') return String(name);
  if (name.length > MAX_NAME_IN_PLACE || isSensitive(name, bounds)) return writePosition(at);
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** Judged by every scanner, not only those asked for: a place is read by more people than the document. */
function isSensitive(name: string, bounds: ScanLimits): boolean {
  const budget = budgetOf({
    ...bounds,
    max_work_chars: MAX_NAME_IN_PLACE * WORK_A_CHAR,
    max_rule_work: Number.POSITIVE_INFINITY,
  });
  return matchText(name, SCANNER_NAMES, NOWHERE, budget).length > 0 || budget.exceeded;
}

function writePosition({ name, position }: Path): string {
  return (typeof name === 'number' ? '' : '~@') + position;
}
