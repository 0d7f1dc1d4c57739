/**
 * What a run did before, as rules ask about it: computed from the jobs that were dispatched and the classes that the
 * policy declares for their topics. What of an output never left is no fact of the run.
 */
import type { RunHistory, RunMatch, RunSeen } from '@countersign/contracts/run-facts';
import { findTopic } from './apply-facts.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { type Glob, globMatches, splitTokens } from './match-glob.ts';

/** Sorted, each once. `seen`: which job was the first to bring in what. */
export type RunFacts = {
  readonly ran: readonly string[];
  readonly used: readonly string[];
  readonly released: readonly string[];
  readonly untrusted: readonly string[];
  readonly jobs: number;
  readonly seen: RunSeen;
};
export type CompiledRun = {
  ran: readonly Glob[] | null;
  used: readonly Glob[] | null;
  released: ReadonlySet<string> | null;
  untrusted: boolean;
};

export function compileRun(asked: RunMatch | undefined): CompiledRun | null {
  if (asked === undefined) return null;
  return {
    ran: asked.ran?.map(splitTokens) ?? null,
    used: asked.used?.map(splitTokens) ?? null,
    released: asked.released === undefined ? null : new Set(asked.released),
    untrusted: asked.untrusted ?? false,
  };
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

export function runFits(asked: CompiledRun, { ran, used, released, untrusted }: RunFacts): boolean {
  return (
    (asked.ran === null || ran.some((topic) => anyMatches(asked.ran!, topic))) &&
    (asked.used === null || used.some((capability) => anyMatches(asked.used!, capability))) &&
    (asked.released === null || released.some((data) => asked.released!.has(data))) &&
    (!asked.untrusted || untrusted.length > 0)
  );
}

/** `3 jobs before; released customer (job a1); untrusted job.web.fetch (job b2)`. */
export function describeRun({ jobs, seen }: RunFacts): string {
  return [
    `${jobs} ${jobs === 1 ? 'job' : 'jobs'} before`,
    ...seen.released.map(({ data, job_id }) => `released ${data} (job ${job_id})`),
    ...seen.untrusted.map(({ topic, job_id }) => `untrusted ${topic} (job ${job_id})`),
  ].join('; ');
}

function anyMatches(globs: readonly Glob[], name: string): boolean {
  return globs.some((glob) => globMatches(glob, splitTokens(name)));
}

function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
