/** What is wrong with the shape of a document, in the words of who wrote it: a field that is not there is missing, not a wrong value. */
import type { z } from 'zod';
import { issueWords } from './issue-words.ts';

export type ShapeIssue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** `says` follows the field's name: `is missing`, `is not a field`, or `: ` and what it must be. It never repeats a value. */
export type ShapeFault = { code: 'field_invalid' | 'field_unknown'; path: Path; says: string };

export const IS_MISSING = ' is missing';

/** Codes under which a schema also reports that there is no value. */
const OF_KIND: ReadonlySet<string> = new Set(['invalid_type', 'invalid_value', 'invalid_union']);

/** `value`: the whole document, as it was parsed. */
export function shapeFaults(issue: ShapeIssue, value: unknown): ShapeFault[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ code: 'field_unknown', path: [...path, key], says: ' is not a field' }));
  if (OF_KIND.has(issue.code) && path.length > 0 && valueAt(value, path) === undefined)
    return [{ code: 'field_invalid', path, says: IS_MISSING }];
  if (issue.code === 'invalid_union') {
    // Of the forms that a value may have, the one that it is meant to be: it fits but for something inside.
    const meant = issue.errors.find((errors) => errors.length > 0 && errors.every((each) => isInside(each)));
    if (meant !== undefined)
      return meant.flatMap((each) => shapeFaults({ ...each, path: [...path, ...each.path] } as ShapeIssue, value));
  }
  const says = issueWords(issue.code === 'invalid_key' ? (issue.issues[0] ?? issue) : issue);
  return [{ code: 'field_invalid', path, says: `: ${says}` }];
}

/** `keys.0.key_id is missing (field_invalid)`; `whole` is what the document itself is called. */
export function tellShapeFault({ code, path, says }: ShapeFault, whole: string): string {
  return `${path.join('.') || whole}${says} (${code})`;
}

/** All of them, as one sentence. */
export function tellShapeFaults(issues: readonly ShapeIssue[], value: unknown, whole: string): string {
  const faults = issues.flatMap((issue) => shapeFaults(issue, value));
  return faults.map((fault) => tellShapeFault(fault, whole)).join('; ');
}

function isInside({ code, path }: ShapeIssue): boolean {
  return path.length > 0 || code === 'unrecognized_keys';
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, step) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, step)
        ? (at as Record<PropertyKey, unknown>)[step]
        : undefined,
    value,
  );
}
