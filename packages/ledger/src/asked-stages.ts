/**
 * Whether everybody whose yes a decision wants was asked for it. Under one policy that may be more than at first: what the run
 * did since, or the time of day, brings floors with it.
 */

/** Of an approval that says nothing else. */
export const DEFAULT_STAGES: readonly Stage[] = [{ group: 'approvers', count: 1 }];

type Stage = { readonly group: string; readonly count: number };

/** Each stage that was asked answers for one that is wanted. What is no list of stages answers for nothing, and wants what none gives. */
export function wereAsked(wanted: unknown, asked: unknown): boolean {
  const left = dearestFirst(asked);
  const wants = dearestFirst(wanted);
  const wasAsked = ({ group, count }: Stage): boolean => {
    const found = left.findIndex((one) => one.group === group && one.count >= count);
    return found >= 0 && left.splice(found, 1).length === 1;
  };
  return wants.length > 0 && wants.every(wasAsked);
}

function dearestFirst(stages: unknown): Stage[] {
  if (!Array.isArray(stages)) return [];
  const known = stages.filter((each): each is Stage => typeof each === 'object' && each !== null);
  return known.length < stages.length ? [] : known.sort((a, b) => b.count - a.count);
}
