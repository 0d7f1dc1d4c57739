/**
 * Decisions for the dispatch gate's second look. A key covers everything that policy can see, tenant and payload
 * included, and the epoch; the whole cache is emptied whenever `control` changes.
 */
import type { DecideAnswer, DecideItem } from '@countersign/contracts/decision';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { encodeUtf8, sha256Hex } from '@countersign/ledger/digest';

export type DecisionCache = {
  get(key: string): DecideAnswer | null;
  set(key: string, answer: DecideAnswer): void;
  clear(): void;
};
export type CacheOptions = {
  rows: number;
  ttl_ms: number;
  monotonicMs: () => number;
  /** `hit`, `miss` or `eviction`. */
  count: (outcome: string) => void;
};

/** Answers given while the policy only observed are dropped once it enforces. */
export type DecidedUnder = { epoch: number; observing: boolean };

/** The gate is left out on purpose: what the submit gate allowed is what the dispatch gate asks about. */
export function cacheKey(under: DecidedUnder, item: DecideItem, request = item.request): string {
  const { actor, job_hash, salt, exceeded } = item;
  return sha256Hex(
    encodeUtf8(canonicalize({ ...under, request, actor, job_hash, salt, ...(exceeded && { exceeded }) })),
  );
}

export function openDecisionCache({ rows, ttl_ms, monotonicMs, count }: CacheOptions): DecisionCache {
  // A Map remembers the order of insertion, so its first key is the oldest.
  const kept = new Map<string, { answer: DecideAnswer; until: number }>();
  return {
    get(key) {
      const found = kept.get(key);
      const fresh = found !== undefined && found.until > monotonicMs();
      count(fresh ? 'hit' : 'miss');
      if (!fresh) kept.delete(key);
      return fresh ? found.answer : null;
    },
    set(key, answer) {
      kept.delete(key);
      kept.set(key, { answer, until: monotonicMs() + ttl_ms });
      if (kept.size <= rows) return;
      kept.delete(kept.keys().next().value!);
      count('eviction');
    },
    clear: () => kept.clear(),
  };
}
