/** RFC 7396 merge patch, without touching either argument and without ever writing to a prototype. */
import { isObject, type Json } from './json-types.ts';

/** `target` after `patch`: `null` removes, objects merge, everything else replaces. */
export function mergePatch(target: Json, patch: Json): Json {
  const merged = new Map<string, unknown>(Object.entries(target));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else if (isObject(value)) {
      const before = merged.get(key);
      merged.set(key, mergePatch(isObject(before) ? before : {}, value));
    } else merged.set(key, value);
  }
  // fromEntries defines own properties, so a `__proto__` from a payload stays a plain key.
  return Object.fromEntries(merged);
}
