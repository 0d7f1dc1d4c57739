/**
 * What `fail_mode: open` means at the dispatch gate: the kernel's word still holds. While the kernel is out of reach, a job
 * goes on under the decision of the submit gate if that allowed it, under the kernel's own seal and the policy that is still
 * active. One that came in through the open submit gate has no seal; it goes on as what its operator opened that gate for.
 * What needs an approval waits for the kernel; stops, epoch and pools are looked at as always.
 */
import { type Decision, decisionList, effectiveJob, mayStand } from '@countersign/contracts/decision';
import type { SealKey } from '@countersign/ledger/decision-seal';
import { nowInstant } from '@countersign/platform/clock';
import { uuidv7 } from '@countersign/platform/ids';
import type { SchedulerContext } from '../scheduler-context.ts';
import type { ClearedJob, DispatchItem } from './dispatch-item.ts';
import { isKernelsWord } from './kernels-word.ts';
import { delayJobs, readStanding, type Standing } from './store-dispatch.ts';

/** Those that cannot go on must not stand in front of those that can. */
const LATER_MS = 2_000;

export async function dispatchFailOpen(
  { config, database, log }: SchedulerContext,
  jobs: readonly ClearedJob[],
): Promise<DispatchItem[]> {
  const found = await readStanding(database, jobs);
  const items = jobs.map((job) => standOn(config.DECISION_SEAL_KEYS, job, found.get(`${job.tenant}/${job.job_id}`)));
  const going = items.filter((item): item is DispatchItem => item !== null);
  await delayJobs(
    database,
    jobs.filter((_, i) => items[i] === null),
    LATER_MS,
  );
  if (going.length > 0) log.warn({ jobs: going.length }, 'dispatching on earlier decisions, without the kernel');
  return going;
}

function standOn(keys: readonly SealKey[], job: ClearedJob, standing: Standing | undefined): DispatchItem | null {
  if (standing?.effective == null) return null;
  const stood = decisionList.parse(JSON.parse(standing.decisions)).at(-1)!;
  const unchanged = stood.effective_digest === job.effective_digest && stood.policy_epoch === job.policy_epoch;
  if (!unchanged || !mayStand(stood)) return null;
  const sealed = isKernelsWord(keys, { ...standing, job_hash: job.job_hash, rewritten: job.rewritten }, stood);
  if (!sealed && stood.fail_mode !== 'open') return null;
  const decided = { decision_id: uuidv7(), gate: 'dispatch' as const, decided_at: nowInstant() };
  const decision: Decision = { ...stood, ...decided, cached: true, fail_mode: 'open' };
  const effective = effectiveJob.parse(JSON.parse(standing.effective));
  const answer = { decisions: [decision], rewritten: JSON.parse(job.rewritten), effective };
  return { job, decision, answer, decided_by: 'seal' };
}
