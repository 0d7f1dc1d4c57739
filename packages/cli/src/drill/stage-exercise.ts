/**
 * Stages the tabletop exercise (docs/incident.md): a mishap of one run, which people then have to explain. It looks itself whether
 * they can: that every job of it is found with its rule, and that a stop of the run holds.
 */
import { ApiError } from '@countersign/client/api-error';
import type { Client } from '@countersign/client/create-client';
import type { JobRequestInput } from '@countersign/contracts/job';
import { RUN_LABEL } from '@countersign/contracts/job-search';
import { collectIncident } from '../incident/collect-incident.ts';
import { incidentReport } from '../incident/incident-report.ts';
import type { Found, Steps } from './drill-report.ts';

export type Exercise = {
  request: JobRequestInput;
  /** How often it is submitted, one after the other. */
  times: number;
  /** Who looks into it afterwards: an operator or auditor. */
  investigator: Client;
  /** Who sets a stop and lifts it. Null: that is not tried. */
  operator: Client | null;
};
type Staging = { agent: Client; exercise: Exercise; patience_ms: number; now: () => Date };

export async function stageExercise(staging: Staging, steps: Steps): Promise<void> {
  const { exercise, now } = staging;
  const run = `exercise-${now().getTime().toString(36)}`;
  await steps.run({ name: 'exercise: staged', expected: `${exercise.times} jobs of one run, all succeeded` }, () =>
    stage(staging, run),
  );
  await steps.run(
    { name: 'exercise: explained', expected: 'every job with its rule, and a test of the policy for each' },
    () => explain(staging, run),
  );
  const wanted = { name: 'exercise: stopped', expected: 'another job of the run is denied' };
  if (exercise.operator === null) return steps.skip(wanted, "no operator's key was given");
  await steps.run(wanted, () => stop(staging, run, exercise.operator!));
}

function requestOf({ exercise: { request } }: Staging, run: string): JobRequestInput {
  return { ...request, labels: { ...request.labels, [RUN_LABEL]: run } };
}

async function stage(staging: Staging, run: string): Promise<Found> {
  const { agent, exercise, patience_ms } = staging;
  const ended: string[] = [];
  for (let i = 0; i < exercise.times; i += 1) {
    const { job_id } = await agent.submit(requestOf(staging, run));
    ended.push((await agent.untilEnded(job_id, { signal: AbortSignal.timeout(patience_ms) })).state);
  }
  const ok = ended.every((state) => state === 'succeeded');
  return { ok, found: `run ${run}: ${ended.length} jobs, ${[...new Set(ended)].join(', ')}` };
}

async function explain({ exercise: { investigator, times } }: Staging, run: string): Promise<Found> {
  const { jobs, fixtures } = incidentReport(await collectIncident(investigator, { run }, null, times + 1));
  const explained = jobs.filter(({ ran, rule_id }) => ran && rule_id !== null);
  return {
    ok: jobs.length === times && explained.length === times && fixtures.length === times,
    found: `${jobs.length} jobs, ${explained.length} with their rule, ${fixtures.length} tests`,
  };
}

/** Whatever comes of it, the stop is lifted again. */
async function stop(staging: Staging, run: string, operator: Client): Promise<Found> {
  const { switch_id } = await operator.setStop({
    kind: 'run',
    target: run,
    reason: 'countersign drill',
    expires_in: 600,
  });
  try {
    const { decision, reason } = await staging.agent.submit(requestOf(staging, run));
    return { ok: decision === 'deny' && reason.includes(switch_id), found: `${decision}: ${reason}` };
  } catch (thrown) {
    if (thrown instanceof ApiError) return { ok: false, found: thrown.code };
    throw thrown;
  } finally {
    await operator.liftStop(switch_id, 'countersign drill');
  }
}
