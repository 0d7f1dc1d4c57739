/** What a look at a running system found, one line for each thing that was looked at. It never holds a secret. */
export type Finding = {
  /** What was looked at: `clock of ingress`. */
  check: string;
  /** `unknown` was not looked at, or could not be. Only a `fault` makes the whole a failure. */
  state: 'ok' | 'warning' | 'fault' | 'unknown';
  says: string;
  /** What to do about it; empty where there is nothing to do. */
  todo: string;
};

export type FindingState = Finding['state'];

/** The worst first. */
const ORDER: readonly FindingState[] = ['fault', 'warning', 'unknown', 'ok'];
const MARKS: Readonly<Record<FindingState, string>> = {
  fault: 'FAULT  ',
  warning: 'WARNING',
  unknown: 'UNKNOWN',
  ok: 'ok     ',
};

export function ok(check: string, says: string): Finding {
  return { check, state: 'ok', says, todo: '' };
}

export function finding(state: FindingState, check: string, says: string, todo: string): Finding {
  return { check, state, says, todo };
}

export function hasFault(findings: readonly Finding[]): boolean {
  return findings.some(({ state }) => state === 'fault');
}

export function showFindings(findings: readonly Finding[]): string {
  const sorted = findings.toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
  const lines = sorted.flatMap(({ check, state, says, todo }) => [
    `${MARKS[state]}  ${check}: ${says}`,
    ...(todo === '' ? [] : [`           → ${todo}`]),
  ]);
  const counts = ORDER.map((state) => `${findings.filter((each) => each.state === state).length} ${state}`);
  return [...lines, '', counts.join(', ')].join('\n');
}
