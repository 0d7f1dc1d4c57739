/** Asks the kernel about cleared jobs at the dispatch gate. No answer in time leaves them where they are: held back, not lost. */

import type { DecideItem } from '@countersign/contracts/decision';
import { finalDecision } from '@countersign/contracts/decision';
import { CountersignError } from '@countersign/contracts/errors';
import { actor as actorShape } from '@countersign/contracts/job';
import { LIMITS } from '@countersign/contracts/limits';
import type { RpcAnswer } from '@countersign/contracts/rpc';
import { isFailOpen } from '@countersign/platform/fail-mode';
import type { SchedulerContext } from '../scheduler-context.ts';
import { dispatchFailOpen } from './dispatch-fail-open.ts';
import type { ClearedJob, DispatchItem } from './dispatch-item.ts';
import { delayJobs } from './store-dispatch.ts';

/** One tenant's jobs without a policy must not stand in front of another's. */
const LATER_MS = 2_000;

/** Throws when the kernel is out of reach: the sweep tries again. A job that the kernel cannot decide alone waits alone. */
export async function decideAgain(context: SchedulerContext, jobs: readonly ClearedJob[]): Promise<DispatchItem[]> {
  const answers = await askKernel(context, jobs);
  if (answers === null) return dispatchFailOpen(context, jobs);
  const items: DispatchItem[] = [];
  const undecided: ClearedJob[] = [];
  for (const [i, job] of jobs.entries()) {
    const answer = answers[i];
    if (answer?.ok) {
      items.push({ job, answer: answer.value, decision: finalDecision(answer.value), decided_by: 'kernel' });
      continue;
    }
    const code = answer?.error.code ?? 'policy_unavailable';
    context.log.warn({ job_id: job.job_id, code }, 'not decided at dispatch');
    if (code !== 'epoch_stale') undecided.push(job);
  }
  await delayJobs(context.database, undecided, LATER_MS);
  return items;
}

/** Null when it is out of reach and the gate may go on without it. */
async function askKernel(
  context: SchedulerContext,
  jobs: readonly ClearedJob[],
): Promise<RpcAnswer<'policy.decide'>['answers'] | null> {
  const items = jobs.map((job) => toItem(context, job));
  try {
    return (await context.bus.call('policy.decide', { items }, { timeout_ms: LIMITS.decide_ms })).answers;
  } catch (thrown) {
    const away = thrown instanceof CountersignError && thrown.code === 'policy_unavailable';
    if (away && isFailOpen(context.config)) return null;
    throw thrown;
  }
}

function toItem(context: SchedulerContext, job: ClearedJob): DecideItem {
  return {
    gate: 'dispatch',
    request: JSON.parse(job.rewritten),
    actor: actorShape.parse(JSON.parse(job.actor_json)),
    job_hash: job.job_hash,
    salt: job.salt,
    min_epoch: context.known.epochs.get(job.tenant) ?? 0,
    ...(job.exceeded && { exceeded: job.exceeded }),
  };
}
