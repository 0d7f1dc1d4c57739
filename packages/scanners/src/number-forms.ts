/** How national numbers are written: looks up the rows of national-ids.ts by groups of digits and by the shape of a token. */
import { isDigit } from './char-kinds.ts';
import { DIGIT_IDS, MIXED_ID, type NationalId, TOKEN_IDS } from './national-ids.ts';

/** A way to write a number; `needsWord`: so common that a word beside it is needed as well. */
export type Form = { readonly id: NationalId; readonly needsWord: boolean };
const GAPS = ' -./_';

function addTo<K>(map: Map<K, Form[]>, key: K, form: Form): void {
  void map.set(key, [...(map.get(key) ?? []), form]);
}

// `3-3-3` as one number, so that a row of groups is looked up while it is walked.
export function keyOf(key: number, gap: string, size: number): number {
  return key * 200 + (gap === '' ? 0 : GAPS.indexOf(gap) + 1) * 20 + size;
}
/** By sizes and signs of the groups, as `keyOf` counts them up. */
export const BY_GROUPS = new Map<number, Form[]>();
/** What one of those keys begins with. */
export const BEGINS_GROUPS = new Set<number>();
for (const id of DIGIT_IDS) {
  for (const written of formsOf(id.forms)) {
    const parts = written.replace('?', '').split(/([ \-./_])/);
    let key = keyOf(0, '', Number(parts[0]));
    BEGINS_GROUPS.add(key);
    for (let i = 1; i < parts.length; i += 2) {
      key = keyOf(key, parts[i]!, Number(parts[i + 1]));
      BEGINS_GROUPS.add(key);
    }
    addTo(BY_GROUPS, key, { id, needsWord: written.endsWith('?') });
  }
}
const MAX_RUN = 32;
const MAX_RUNS = 7;
/** By how many letters and digits follow each other, as `shapeAt` counts them. */
export const BY_SHAPE = new Map<number, Form[]>();
for (const id of TOKEN_IDS) {
  for (const written of formsOf(id.forms)) {
    const runs = [...written.matchAll(/([LD])(\d+)/g)];
    const shape = runs.reduce((key, [, kind, size]) => withRun(key, kind === 'D', Number(size)), 0);
    addTo(BY_SHAPE, shape, { id, needsWord: written.endsWith('?') });
  }
}

/** Ten letters and digits in any order. */
export const MIXED: readonly Form[] = [{ id: MIXED_ID, needsWord: true }];

function formsOf(forms: string): string[] {
  return forms.split(',').map((form) => form.trim());
}

/** How many letters and digits follow each other, as one number; -1 where no form has so many parts. */
export function shapeAt(text: string, start: number, end: number): number {
  let key = 0;
  let runs = 0;
  for (let at = start; at < end; runs += 1) {
    const from = at;
    const isDigits = isDigit(text.charCodeAt(at));
    while (at < end && isDigit(text.charCodeAt(at)) === isDigits) at += 1;
    if (runs === MAX_RUNS || at - from >= MAX_RUN) return -1;
    key = withRun(key, isDigits, at - from);
  }
  return key;
}

function withRun(key: number, isDigits: boolean, size: number): number {
  return key * 2 * MAX_RUN + (isDigits ? MAX_RUN : 0) + size;
}

/** The same, only beside a word. */
export function asNamed({ id }: Form): Form {
  return { id, needsWord: true };
}
