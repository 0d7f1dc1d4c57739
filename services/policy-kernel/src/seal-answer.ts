/**
 * Says how long an answer stands, and seals it, so that the dispatch gate need not ask for it again. What may be another
 * in a moment gets no seal: what read the clock, only observed, or was decided by a policy that ends.
 */
import type { DecideAnswer, Judged } from '@countersign/contracts/decision';
import { type SealedAnswer, type SealKey, sealDecision, sealedAnswerOf } from '@countersign/ledger/decision-seal';
import type { DecideOutcome } from '@countersign/policy/decide';

type SealOptions = {
  keys: readonly SealKey[];
  /** Milliseconds; 0 seals nothing. */
  lifetime_ms: number;
};
export type Sealer = {
  /** `now` and `ends_at` (the policy's end): RFC 3339 in UTC. */
  seal(outcome: Extract<DecideOutcome, { ok: true }>, now: string, ends_at: string | null): DecideAnswer;
  /** The same answer said again stands no longer than it did. */
  sealUntil(judged: Judged, until: string | null): DecideAnswer;
};

export function openSealer({ keys, lifetime_ms }: SealOptions): Sealer {
  const sealUntil = (judged: Judged, until: string | null): DecideAnswer => {
    const sealed: SealedAnswer | null = until === null ? null : sealedAnswerOf(judged, until);
    const reusable = sealed === null ? null : { until: sealed.until, seal: sealDecision(keys, sealed) };
    return { ...judged, reusable };
  };
  return {
    sealUntil,
    seal({ answer, cacheable }, now, ends_at) {
      const stands = cacheable && answer.decisions.every(({ observed }) => observed === undefined);
      return sealUntil(answer, stands ? endOf(now, lifetime_ms, ends_at) : null);
    },
  };
}

/** Null when it stands for no time at all. */
function endOf(now: string, lifetime_ms: number, ends_at: string | null): string | null {
  const policyEnd = ends_at === null ? Number.POSITIVE_INFINITY : Date.parse(ends_at);
  const until = Math.min(Date.parse(now) + lifetime_ms, policyEnd);
  return until > Date.parse(now) ? new Date(until).toISOString() : null;
}
