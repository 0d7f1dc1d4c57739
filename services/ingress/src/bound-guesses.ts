/**
 * Bounds how many wrong keys are looked up, for each network they come from and for each beginning of a key. A key that
 * was right before is not held up: behind one proxy all callers share an address, and a stranger must not lock them out.
 */
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';

export type Guesses = {
  /**
   * Takes one try and returns how to give it back, for a key that turns out right. Throws `too_many_requests`, with the
   * milliseconds until the next try, before anything is looked up.
   */
  take(address: string, key: string): () => void;
};

/** Tries left, as of `at` (milliseconds of a clock that does not run back). */
type Bucket = { left: number; at: number };

export const boundGuesses = (now: () => number): Guesses => {
  const buckets = new Map<string, Bucket>();
  const bucketOf = (source: string): Bucket => {
    const { left, at } = buckets.get(source) ?? { left: LIMITS.wrong_keys, at: now() };
    buckets.delete(source);
    // Maps keep the order of insertion: the first is the one that was quiet the longest.
    if (buckets.size >= LIMITS.wrong_key_sources) buckets.delete(buckets.keys().next().value as string);
    const bucket = { left: Math.min(LIMITS.wrong_keys, left + (now() - at) / LIMITS.wrong_key_ms), at: now() };
    buckets.set(source, bucket);
    return bucket;
  };
  return {
    take: (address, key) => {
      const both = [`from ${networkOf(address)}`, `like ${key.slice(0, LIMITS.key_prefix_chars)}`].map(bucketOf);
      const empty = both.find(({ left }) => left < 1);
      if (empty !== undefined) {
        const retry_after_ms = Math.ceil((1 - empty.left) * LIMITS.wrong_key_ms);
        throw new CountersignError('too_many_requests', 'too many wrong keys', { retry_after_ms });
      }
      for (const bucket of both) bucket.left -= 1;
      return () => {
        for (const bucket of both) bucket.left += 1;
      };
    },
  };
};

/** Of an IPv6 address its /64, which one machine may have to itself. */
const networkOf = (address: string): string => {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address;
  const [before = '', after] = address.split('::');
  const head = before.split(':').filter(Boolean);
  const tail = after?.split(':').filter(Boolean) ?? [];
  const groups = [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => '0'), ...tail];
  return groups.slice(0, 4).join(':');
};
