/** What workers ask of the scheduler: a part of the table of verbs (rpc.ts). */
import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { instant, token } from './names.ts';
import { eachItem, isBeatOf, isSameClaim } from './rpc-matches.ts';
import { verb } from './rpc-verb.ts';
import { beatAnswer, beatRequest, claimOutcome, claimRequest, helloAnswer, helloRequest } from './worker.ts';
import { isSameNonce, nextOutcome, nextQuestion, receipt, workerAnswer, workerQuestion } from './worker-door.ts';

export const WORKER_VERBS = {
  'scheduler.claim': verb({
    service: 'scheduler',
    callers: ['worker'],
    request: z.strictObject({ items: z.array(claimRequest).min(1).max(LIMITS.batch_rows) }),
    /** In order, one for each. */
    answer: z.object({ answers: z.array(claimOutcome) }),
    /** The same claim id gets the same answer. */
    repeatable: true,
    matches: eachItem(isSameClaim),
  }),
  'scheduler.beat': verb({
    service: 'scheduler',
    callers: ['worker'],
    request: beatRequest,
    answer: beatAnswer,
    repeatable: true,
    matches: isBeatOf,
  }),
  'scheduler.worker_uses': verb({
    service: 'scheduler',
    callers: ['ingress'],
    request: z.strictObject({}),
    /**
     * When each worker claimed something last; before `kept_since` nobody knows. `seen`: when each was heard of last. `pools`: those
     * that active policies have.
     */
    answer: z.object({
      kept_since: instant,
      uses: z.array(z.object({ pool: token, worker: token, last_used_at: instant })),
      seen: z.array(z.object({ pool: token, worker: token, seen_at: instant })),
      pools: z.array(token),
    }),
    repeatable: true,
    matches: () => true,
  }),
  'scheduler.hello': verb({
    service: 'scheduler',
    callers: ['worker'],
    request: helloRequest,
    answer: helloAnswer,
    repeatable: true,
    matches: (asked, answered) => answered.nonce === asked.nonce,
  }),
  /** For workers over HTTP. The scheduler verifies the worker's own signature. */
  'scheduler.worker': verb({
    service: 'scheduler',
    callers: ['ingress'],
    request: workerQuestion,
    answer: workerAnswer,
    /** Like each of what is asked here over the bus. */
    repeatable: true,
    matches: (asked, answered) => answered.verb === asked.verb && isSameNonce(asked, answered),
  }),
  'scheduler.next': verb({
    service: 'scheduler',
    callers: ['ingress'],
    request: nextQuestion,
    answer: nextOutcome,
    /** Asked twice, two instances would each take a message. */
    repeatable: false,
    matches: isSameNonce,
  }),
  /** Of a delivery whose worker left before it heard of it: the message comes again at once, to whoever waits. */
  'scheduler.give_back': verb({
    service: 'scheduler',
    callers: ['ingress'],
    request: z.strictObject({ receipt }),
    answer: z.object({ receipt }),
    repeatable: true,
    matches: (asked, answered) => answered.receipt === asked.receipt,
  }),
} as const;
