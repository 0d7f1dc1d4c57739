/**
 * What a run did before, as rules ask about it: computed from the jobs that were dispatched and the classes that the
 * policy declares for their topics. What of an output never left is no fact of the run.
 */
import type { NamedRequest } from '@countersign/contracts/job';
import type { RunHistory } from '@countersign/contracts/run-facts';
import { findTopic, textAt } from './apply-facts.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import type { RunFacts } from './match-run.ts';

/** Of which run the job is, before anything else of it is looked at: as its topic derives it, or as it says. Null without one. */
export function runOf(policy: Pick<CompiledPolicy, 'topics'>, { topic, payload, labels }: NamedRequest): string | null {
  const pointer = findTopic(policy, topic)?.facts.derive_labels?.run;
  return (pointer === undefined ? labels.run : textAt(payload ?? {}, pointer)) ?? null;
}

/** Null for a history that is not known. */
export function runFactsOf(policy: CompiledPolicy, history: RunHistory): RunFacts | null {
  if (history === null) return null;
  const released = new Map<string, string>();
  const untrusted = new Map<string, string>();
  for (const { topic, released: job_id } of history) {
    if (job_id === null) continue;
    const facts = findTopic(policy, topic)?.facts;
    for (const data of facts?.data ?? []) if (!released.has(data)) released.set(data, job_id);
    if (facts?.untrusted === true && !untrusted.has(topic)) untrusted.set(topic, job_id);
  }
  const jobs = history.reduce((sum, one) => sum + one.jobs, 0);
  return {
    ran: sorted(history.map(({ topic }) => topic)),
    used: sorted(history.flatMap(({ capability }) => capability ?? [])),
    released: sorted([...released.keys()]),
    untrusted: sorted([...untrusted.keys()]),
    jobs,
    seen: {
      jobs,
      released: sorted([...released.keys()]).map((data) => ({ data, job_id: released.get(data)! })),
      untrusted: sorted([...untrusted.keys()]).map((topic) => ({ topic, job_id: untrusted.get(topic)! })),
    },
  };
}

/** `3 jobs before; released customer (job a1); untrusted job.web.fetch (job b2)`. */
export function describeRun({ jobs, seen }: RunFacts): string {
  return [
    `${jobs} ${jobs === 1 ? 'job' : 'jobs'} before`,
    ...seen.released.map(({ data, job_id }) => `released ${data} (job ${job_id})`),
    ...seen.untrusted.map(({ topic, job_id }) => `untrusted ${topic} (job ${job_id})`),
  ].join('; ');
}

function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
