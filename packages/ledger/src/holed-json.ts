/**
 * Canonical JSON (RFC 8785) of an object of which some values are known only where it is stored: each is a hole, one
 * U+0001, which canonical text never holds as it is. Whoever fills the holes need not know how keys are sorted.
 */
import { canonicalize } from './canonical-json.ts';

export const HOLE = '\u0001';

/** `holes`: keys without a value, none of them in `body`. They come in the order of their names. */
export function canonicalWithHoles(body: Readonly<Record<string, unknown>>, holes: readonly string[]): string {
  const twice = holes.find((hole) => hole in body);
  if (twice !== undefined) throw new TypeError(`${twice} is a hole and has a value`);
  const textOf = (key: string): string => (key in body ? canonicalize(body[key]) : HOLE);
  const keys = [...Object.keys(body), ...holes].sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${textOf(key)}`).join(',')}}`;
}
