/**
 * Decisions for the dispatch gate's second look. A question is everything that policy can see, tenant and payload
 * included, and the epoch; the whole cache is emptied whenever `control` changes. What is decided is seldom asked about again,
 * so questions are compared when one is, and only those of the same job's hash.
 */
import type { DecideAnswer, DecideItem } from '@countersign/contracts/decision';
import { canonicalize } from '@countersign/ledger/canonical-json';

export type DecisionCache = {
  get(asked: Question): DecideAnswer | null;
  set(asked: Question, answer: DecideAnswer): void;
  clear(): void;
};
type CacheOptions = {
  rows: number;
  ttl_ms: number;
  monotonicMs: () => number;
  /** `hit`, `miss` or `eviction`. */
  count: (outcome: string) => void;
};

/** Answers given while the policy only observed are dropped once it enforces. */
export type DecidedUnder = { epoch: number; observing: boolean };
type Question = DecidedUnder & Pick<DecideItem, 'request' | 'actor' | 'job_hash' | 'salt' | 'exceeded'>;

/** The gate is left out on purpose: what the submit gate allowed is what the dispatch gate asks about. */
export function questionOf(under: DecidedUnder, item: DecideItem, request = item.request): Question {
  const { actor, job_hash, salt, exceeded } = item;
  return { ...under, request, actor, job_hash, salt, ...(exceeded && { exceeded }) };
}

export function openDecisionCache({ rows, ttl_ms, monotonicMs, count }: CacheOptions): DecisionCache {
  // A Map remembers the order of insertion, so its first key is the oldest.
  const kept = new Map<string, { asked: Question; answer: DecideAnswer; until: number }>();
  return {
    get(asked) {
      const found = kept.get(asked.job_hash);
      const fresh = found !== undefined && found.until > monotonicMs();
      if (!fresh) kept.delete(asked.job_hash);
      const same = fresh && canonicalize(found.asked) === canonicalize(asked);
      count(same ? 'hit' : 'miss');
      return same ? found.answer : null;
    },
    set(asked, answer) {
      kept.delete(asked.job_hash);
      kept.set(asked.job_hash, { asked, answer, until: monotonicMs() + ttl_ms });
      if (kept.size <= rows) return;
      kept.delete(kept.keys().next().value!);
      count('eviction');
    },
    clear: () => kept.clear(),
  };
}
