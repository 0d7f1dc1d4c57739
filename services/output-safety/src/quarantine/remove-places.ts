/** A copy of a JSON document in which these places hold a mark instead of what was there. Pure. */
import { CountersignError } from '@countersign/contracts/errors';

const REMOVED = '[removed]';

/** `pointers`: RFC 6901, none of them the root. Throws `field_invalid` for one that names nothing. */
export function removePlaces(value: unknown, pointers: readonly string[]): unknown {
  const copy = structuredClone(value);
  for (const [i, pointer] of pointers.entries()) {
    if (!remove(copy, stepsOf(pointer)))
      throw new CountersignError('field_invalid', 'names nothing in the output', { at: `/remove/${i}` });
  }
  return copy;
}

/** RFC 6901, section 4: `~1` is a slash, `~0` a tilde, in this order. */
function stepsOf(pointer: string): string[] {
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function remove(root: unknown, steps: readonly string[]): boolean {
  let at = root;
  for (const step of steps.slice(0, -1)) {
    if (!holds(at, step)) return false;
    at = at[step];
  }
  const last = steps.at(-1)!;
  if (!holds(at, last)) return false;
  at[last] = REMOVED;
  return true;
}

/** An array's own names are its indexes, and `length`, which no pointer names. */
function holds(at: unknown, step: string): at is Record<string, unknown> {
  if (typeof at !== 'object' || at === null) return false;
  return Object.hasOwn(at, step) && !(Array.isArray(at) && step === 'length');
}
