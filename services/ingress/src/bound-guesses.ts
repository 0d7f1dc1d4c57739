/**
 * Bounds how often something is done for one source: so many at once, then one each so often. What is asked for from several
 * sources needs room in each. The wrong keys that are looked up are bounded so, for each network they come from and for each
 * beginning of a key. A credential that was right before is not held up: behind one proxy all callers share an address,
 * and a stranger must not lock them out.
 */
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';

type Rate = {
  /**
   * Takes one from each source and returns how to give it back. Throws `too_many_requests`, with the milliseconds until the
   * next one, before it takes any.
   */
  take(sources: readonly string[], detail: string): () => void;
};

type Guesses = {
  /** One try, for a credential that begins like this; given back when it turns out right. Throws as a rate does. */
  take(address: string, beginning: string): () => void;
};

/** Tries left, as of `at` (milliseconds of a clock that does not run back). */
type Bucket = { left: number; at: number };

export function boundRate(
  { many, every_ms, sources: most }: { many: number; every_ms: number; sources: number },
  now: () => number,
): Rate {
  const buckets = new Map<string, Bucket>();
  const bucketOf = (source: string): Bucket => {
    const { left, at } = buckets.get(source) ?? { left: many, at: now() };
    buckets.delete(source);
    // Maps keep the order of insertion: the first is the one that was quiet the longest.
    if (buckets.size >= most) buckets.delete(buckets.keys().next().value as string);
    const bucket = { left: Math.min(many, left + (now() - at) / every_ms), at: now() };
    buckets.set(source, bucket);
    return bucket;
  };
  return {
    take: (sources, detail) => {
      const all = sources.map(bucketOf);
      const empty = all.find(({ left }) => left < 1);
      if (empty !== undefined) {
        const retry_after_ms = Math.ceil((1 - empty.left) * every_ms);
        throw new CountersignError('too_many_requests', detail, { retry_after_ms });
      }
      for (const bucket of all) bucket.left -= 1;
      return () => {
        for (const bucket of all) bucket.left += 1;
      };
    },
  };
}

export function boundGuesses(now: () => number): Guesses {
  const rate = boundRate(
    { many: LIMITS.wrong_keys, every_ms: LIMITS.wrong_key_ms, sources: LIMITS.wrong_key_sources },
    now,
  );
  return {
    take: (address, beginning) => rate.take([`from ${networkOf(address)}`, `like ${beginning}`], 'too many wrong keys'),
  };
}

/** Of an IPv6 address its /64, which one machine may have to itself. */
function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address;
  const [before = '', after] = address.split('::');
  const head = before.split(':').filter(Boolean);
  const tail = after?.split(':').filter(Boolean) ?? [];
  const groups = [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => '0'), ...tail];
  return groups.slice(0, 4).join(':');
}
