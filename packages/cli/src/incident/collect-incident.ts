/**
 * Asks the API for everything about an incident that the caller's credential may read, and says what it may not. Nothing is
 * asked for that the caller's role has no route to.
 */
import { ApiError } from '@countersign/client/api-error';
import type { Client } from '@countersign/client/create-client';
import { followEntries } from '@countersign/client/follow-entries';
import type { JobQuery } from '@countersign/contracts/http';
import type { JobView } from '@countersign/contracts/job';
import { runOf } from '@countersign/contracts/job-search';
import type { ShownEntry } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import type { StopView } from '@countersign/contracts/stops';

export type Window = { from: string; to: string };
/** What it is about. Of a job, also what else belongs to its run and what followed it. */
export type About = { job: string } | { agent: string } | { topic?: string; run?: string; pool?: string };
export type CollectedJob = { job: JobView; timeline: ShownEntry[] };
export type Collected = Window & {
  about: About;
  cut: boolean;
  not_shown: string[];
  jobs: CollectedJob[];
  /** Stops, policies and changes of rights in that time. */
  others: ShownEntry[];
  stops: StopView[] | null;
};
export type Asked = Pick<Client, 'job' | 'jobs' | 'timeline' | 'stops' | 'entries'>;

const AT_ONCE = 4;

/** `limit`: jobs at most. Throws ApiError, for a job that is not there as well. */
export async function collectIncident(
  client: Asked,
  about: About,
  window: Window | null,
  limit: number,
): Promise<Collected> {
  const { found, cut } =
    'job' in about
      ? await relatedJobs(client, about.job, limit)
      : await listJobs(client, { ...filterOf(about), ...window }, limit);
  const jobs = await withTimelines(client, found);
  const { from, to } = window ?? spanOf(jobs);
  const not_shown: string[] = [];
  const unless = <T>(says: string, asked: Promise<T>): Promise<T | null> =>
    asked.catch((thrown: unknown) => {
      if (!(thrown instanceof ApiError) || thrown.code !== 'permission_missing') throw thrown;
      not_shown.push(says);
      return null;
    });
  const stops = await unless('stops in force (needs stops:read)', client.stops());
  const others = await unless(
    'stops set, policies and changes of rights in that time (needs evidence:read)',
    readOthers(client, chainsOf(about, found), { from, to }),
  );
  return { about, from, to, cut, not_shown, jobs, others: others ?? [], stops: stops?.stops ?? null };
}

async function relatedJobs(client: Asked, job_id: string, limit: number): Promise<{ found: JobView[]; cut: boolean }> {
  const job = await client.job(job_id);
  const run = runOf(job.labels);
  const { found, cut } = run === null ? { found: [], cut: false } : await listJobs(client, { run }, limit);
  const follows = [...(job.followed_by ?? []), ...(job.follows === undefined ? [] : [job.follows])].map(
    (each) => each.job_id,
  );
  const missing = follows.filter((id) => !found.some((each) => each.job_id === id));
  const others = await Promise.all(missing.map((id) => client.job(id)));
  const rest = [...found, ...others].filter((each) => each.job_id !== job_id);
  return { found: [job, ...rest].slice(0, limit), cut: cut || rest.length + 1 > limit };
}

/** Oldest first. */
async function listJobs(client: Asked, query: JobQuery, limit: number): Promise<{ found: JobView[]; cut: boolean }> {
  const found: JobView[] = [];
  for (let cursor: string | null | undefined; cursor !== null && found.length <= limit; ) {
    const page = await client.jobs({ ...query, limit: LIMITS.page_rows, ...(cursor !== undefined && { cursor }) });
    found.push(...page.jobs);
    cursor = page.next_cursor;
  }
  return { found: found.slice(0, limit).toReversed(), cut: found.length > limit };
}

async function withTimelines(client: Asked, jobs: readonly JobView[]): Promise<CollectedJob[]> {
  const done: CollectedJob[] = [];
  for (let i = 0; i < jobs.length; i += AT_ONCE) {
    const some = jobs.slice(i, i + AT_ONCE);
    done.push(...(await Promise.all(some.map(async (job) => ({ job, timeline: await client.timeline(job.job_id) })))));
  }
  return done;
}

async function readOthers(
  client: Asked,
  chains: readonly string[],
  { from: since, to: until }: Window,
): Promise<ShownEntry[]> {
  const found: ShownEntry[] = [];
  for (const chain of chains)
    for await (const entry of followEntries(client, { query: { chain, since, until } })) found.push(entry);
  return found;
}

/** A chain is read by its key, so this costs what they hold and not what the window holds. */
function chainsOf(about: About, jobs: readonly JobView[]): string[] {
  const agents = 'agent' in about ? [about.agent] : jobs.map(({ actor }) => actor);
  const tenants = jobs.map(({ tenant }) => tenant);
  return [
    ...new Set([
      'control',
      'policy:*',
      ...tenants.map((tenant) => `policy:${tenant}`),
      ...agents.map((agent) => `identity:${agent}`),
    ]),
  ];
}

function filterOf(about: Exclude<About, { job: string }>): JobQuery {
  return 'agent' in about ? { actor: about.agent } : about;
}

/** From the first entry to the last one. */
function spanOf(jobs: readonly CollectedJob[]): Window {
  const times = jobs.flatMap(({ timeline }) => timeline.map(({ recorded_at }) => recorded_at)).toSorted();
  const now = new Date().toISOString();
  return { from: times[0] ?? now, to: times.at(-1) ?? now };
}
