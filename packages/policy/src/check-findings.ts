/** Whether a match names scanners and types of findings that exist and that can be found together. */
import type { Match } from '@countersign/contracts/policy';
import { type FindingType, SCANNER_NAMES } from '@countersign/scanners/finding-types';
import { compileFindings, typesWanted } from './match-findings.ts';
import { type At, below, type Report } from './report-faults.ts';
import { suggestName } from './suggest-name.ts';

const SCANNERS: ReadonlySet<string> = new Set(SCANNER_NAMES);

/** `known`: every type of finding that there is. */
export function checkFindings(
  match: Pick<Match, 'scanners' | 'types' | 'min_severity'>,
  known: readonly FindingType[],
  at: At,
  report: Report,
): void {
  const isKnown = (name: string): boolean => known.some(({ type }) => type === name);
  const { scanners = [], types = [] } = match;
  scanners.forEach((name, i) => {
    if (SCANNERS.has(name)) return;
    const detail = `there is no scanner ${name}; known: ${SCANNER_NAMES.join(', ')}`;
    report('scanner_unknown', below(at, 'scanners', i), detail, () => suggestName(name, SCANNERS));
  });
  types.forEach((name, i) => {
    if (isKnown(name)) return;
    const names = known.map(({ type }) => type);
    report('type_unknown', below(at, 'types', i), `no scanner finds ${name}`, () => suggestName(name, names));
  });
  if (!scanners.every((name) => SCANNERS.has(name)) || !types.every(isKnown)) return;
  // One that nothing can satisfy among others that can is a mistake too: its author counts on it.
  types.forEach((name, i) => {
    const wanted = compileFindings({ ...match, types: [name] })!;
    if (typesWanted(wanted, known).length > 0) return;
    report(
      'match_empty',
      below(at, 'types', i),
      `no finding of type ${name} fits the scanners and the severity beside it`,
    );
  });
  if (types.length > 0) return;
  const wanted = compileFindings(match);
  if (wanted !== null && typesWanted(wanted, known).length === 0)
    report('match_empty', below(at, 'min_severity'), 'none of these scanners finds anything so severe');
}
