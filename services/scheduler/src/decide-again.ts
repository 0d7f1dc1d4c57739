/** Asks the kernel about cleared jobs at the dispatch gate. No answer in time leaves them where they are: held back, not lost. */

import type { DecideItem } from '@countersign/contracts/decision';
import { finalDecision } from '@countersign/contracts/decision';
import { actor as actorShape } from '@countersign/contracts/job';
import { LIMITS } from '@countersign/contracts/limits';
import type { DispatchItem } from './classify-dispatch.ts';
import type { SchedulerContext } from './scheduler-context.ts';
import type { ClearedJob } from './store-dispatch.ts';

const toItem = (context: SchedulerContext, job: ClearedJob): DecideItem => ({
  gate: 'dispatch',
  request: JSON.parse(job.rewritten),
  actor: actorShape.parse(JSON.parse(job.actor_json)),
  job_hash: job.job_hash,
  salt: job.salt,
  min_epoch: context.known.epochs.get(job.tenant) ?? 0,
});

/** Throws when the kernel is out of reach: the sweep tries again. A job that the kernel cannot decide alone waits alone. */
export const decideAgain = async (context: SchedulerContext, jobs: readonly ClearedJob[]): Promise<DispatchItem[]> => {
  const { answers } = await context.bus.call(
    'policy.decide',
    { items: jobs.map((job) => toItem(context, job)) },
    { timeout_ms: LIMITS.decide_ms },
  );
  return jobs.flatMap((job, i) => {
    const answer = answers[i];
    if (!answer?.ok) {
      context.log.warn(
        { job_id: job.job_id, code: answer?.error.code ?? 'policy_unavailable' },
        'not decided at dispatch',
      );
      return [];
    }
    return [{ job, answer: answer.value, decision: finalDecision(answer.value) }];
  });
};
