/**
 * What `fail_mode: open` means at the submit gate. While the kernel is out of reach, a request that it allowed a short
 * while ago is allowed again to the same caller, marked; anything else is refused. No approval, floor or ceiling can be
 * skipped by that: the very same was decided with all of them, and the scheduler admits it under the same epoch only.
 */
import { createHash } from 'node:crypto';
import {
  type DecideAnswer,
  type DecideItem,
  type Decision,
  finalDecision,
  mayStand,
} from '@countersign/contracts/decision';
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { EFFECTIVE_DOMAIN, saltedDigest } from '@countersign/ledger/digest';
import { monotonicMs, nowInstant } from '@countersign/platform/clock';
import { type FailMode, isFailOpen } from '@countersign/platform/fail-mode';
import { uuidv7 } from '@countersign/platform/ids';
import type { Logger } from '@countersign/platform/logger';
import type { Metrics } from '@countersign/platform/metrics';
import type { Question } from './decide-in-batches.ts';

type Decide = (question: Question) => Promise<DecideAnswer>;
type Parts = { mode: FailMode; metrics: Metrics; log: Logger };

export function submitFailOpen(decide: Decide, { mode, metrics, log }: Parts): Decide {
  if (mode.FAIL_MODE === 'closed') return decide;
  log.warn({ until: mode.FAIL_OPEN_UNTIL }, 'fail_mode is open: what was allowed before may pass without the kernel');
  const kept = new Map<string, { answer: DecideAnswer; until: number }>();

  const keep = (key: string, answer: DecideAnswer): void => {
    kept.delete(key);
    if (answer.effective !== null && mayStand(finalDecision(answer)))
      kept.set(key, { answer, until: monotonicMs() + LIMITS.fail_open_memory_ms });
    if (kept.size > LIMITS.fail_open_memory) kept.delete(kept.keys().next().value!);
  };
  const standing = (key: string, { min_epoch }: DecideItem): DecideAnswer | null => {
    const found = kept.get(key);
    if (found === undefined || found.until <= monotonicMs() || !isFailOpen(mode)) return null;
    return finalDecision(found.answer).policy_epoch >= min_epoch ? found.answer : null;
  };

  return async (question) => {
    const { item } = question;
    const key = keyOf(item);
    try {
      const answer = await decide(question);
      keep(key, answer);
      return answer;
    } catch (thrown) {
      if (!(thrown instanceof CountersignError) || thrown.code !== 'policy_unavailable') throw thrown;
      const answer = standing(key, item);
      if (answer === null) throw thrown;
      metrics.count('input_fail_open_total');
      log.warn({ tenant: item.request.tenant, job_id: item.request.job_id }, 'let through without the kernel');
      return answerAnew(answer, item);
    }
  };
}

/** Everything that policy can see; only the job's name is another each time. */
function keyOf({ request: { job_id: _, ...asked }, actor }: DecideItem): string {
  return createHash('sha256').update(canonicalize({ asked, actor })).digest('base64url');
}

/** The decisions that stood, for another job: its hash, its salt, its name in what will run. */
function answerAnew(stood: DecideAnswer, { request: { job_id }, job_hash, salt }: DecideItem): DecideAnswer {
  const effective = { ...stood.effective!, job_id };
  const effective_digest = saltedDigest(EFFECTIVE_DOMAIN, Buffer.from(salt, 'base64url'), canonicalize(effective));
  const decided_at = nowInstant();
  const decisions = stood.decisions.map(
    (decision): Decision => ({
      ...decision,
      decision_id: uuidv7(),
      job_hash,
      effective_digest: decision.effective_digest === null ? null : effective_digest,
      cached: true,
      fail_mode: 'open',
      decided_at,
    }),
  );
  // The kernel said it of another job: nothing that it sealed.
  return { decisions, rewritten: { ...stood.rewritten!, job_id }, effective, reusable: null };
}
