/** Remembers what was read for a moment, so that a busy caller costs one query and not thousands. Bounded in both ways. */
import { monotonicMs } from './clock.ts';

export type BriefMemory<V> = (key: string, read: () => Promise<V | undefined>) => Promise<V | undefined>;

/** Misses and failures are not remembered: guesses must not push out entries in use. */
export function rememberBriefly<V>(limits: { ttl_ms: number; max_entries: number }): BriefMemory<V> {
  const held = new Map<string, { value: Promise<V | undefined>; until: number }>();
  return (key, read) => {
    const known = held.get(key);
    if (known && known.until > monotonicMs()) return known.value;
    held.delete(key);
    const value = read();
    // Maps keep the order of insertion, so the first one is the oldest.
    if (held.size >= limits.max_entries) held.delete(held.keys().next().value as string);
    const entry = { value, until: monotonicMs() + limits.ttl_ms };
    held.set(key, entry);
    const forget = (): void => {
      if (held.get(key) === entry) held.delete(key);
    };
    value.then((found) => found ?? forget(), forget);
    return value;
  };
}
