/**
 * Fields that the language had and that nothing ever held. Refused by name, so that no author believes in them: a bound
 * that is accepted and not enforced is worse than none.
 */
import type { Path } from './policy-fault.ts';

type Unenforced = { says: string; fix?: string };

const AROUND_RUNS: Readonly<Record<string, Unenforced>> = {
  evidence: { says: 'every job has the same evidence; there is no other kind' },
};
const FIELDS: Readonly<Record<string, Readonly<Record<string, Unenforced>>>> = {
  rules: AROUND_RUNS,
  tiers: AROUND_RUNS,
  cases: AROUND_RUNS,
  incidents: AROUND_RUNS,
  input_rules: {
    ...AROUND_RUNS,
    limits: {
      says: 'an input rule counts nothing',
      fix: 'remove it; limits stand with rules and in the floor of a tier',
    },
    severity: {
      says: 'a rule’s own severity changes nothing',
      fix: 'remove it; min_severity under match says how severe a finding must be',
    },
  },
};

/** Null for a field that the language never had at this place. */
export function unenforcedField(path: Path): Unenforced | null {
  const fields = FIELDS[String(path[0])];
  const name = String(path[path.length - 1]);
  return fields !== undefined && Object.hasOwn(fields, name) ? fields[name]! : null;
}
