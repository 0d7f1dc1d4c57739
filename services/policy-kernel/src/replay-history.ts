/**
 * Answers `rpc.policy.replay`: the jobs of a window, decided again at the time at which they were decided, under a
 * candidate. The same question over the same history gets the same answer, and what could not be asked is counted.
 */
import { type DecideItem, type Decision, decisionList } from '@countersign/contracts/decision';
import { CountersignError } from '@countersign/contracts/errors';
import { actor, namedRequest } from '@countersign/contracts/job';
import { LIMITS } from '@countersign/contracts/limits';
import { DIFFERENCES, type Difference } from '@countersign/contracts/policy-rollout';
import type { RpcAnswer, RpcParsed } from '@countersign/contracts/rpc';
import { monotonicMs } from '@countersign/platform/clock';
import type { Tx } from '@countersign/platform/database';
import { openShares } from '@countersign/platform/shares';
import { type Compared, comparedOf, differenceOf } from '@countersign/policy-author/compare-decisions';
import { type Asked, decideUnder } from './decide-under.ts';
import { inSlices } from './in-slices.ts';
import { readRun } from './read-runs.ts';
import type { Scanning } from './scan-apart.ts';
import { type AskParts, policyAsked } from './simulate-jobs.ts';
import { countHistory, type PastJob, readHistory, type Window } from './store-history.ts';

type Answer = RpcAnswer<'policy.replay'>;
type Group = Answer['groups'][number];
type Tally = { read: number; denied: number; erased: number; same: number; groups: Map<string, Group> };
type ReplayParts = Omit<AskParts, 'counts'> & { database: Tx };
type Verdict = 'denied' | 'erased' | { before: Compared; after: Compared };

/**
 * Few at a time, parted between tenants: a replay reads and decides as much as an hour of traffic. Throws `share_exceeded`,
 * and `overloaded` past its time.
 */
export function openReplay(parts: ReplayParts) {
  const shares = openShares(LIMITS.replays);
  return async ({ tenant, ask }: RpcParsed<'policy.replay'>): Promise<Answer> => {
    const leave = shares.take([tenant]);
    try {
      const { policy, asked } = await policyAsked(parts, { tenant, candidate: ask.candidate ?? null });
      const window = { tenant, from: ask.from, to: ask.to };
      const tally = await replay(parts, window, asked, ask.limit);
      const jobs = Math.max(tally.read, await countHistory(parts.database, window));
      return { policy, from: ask.from, to: ask.to, ...summary(tally, jobs) };
    } finally {
      leave();
    }
  };
}

async function replay(parts: ReplayParts, window: Window, asked: Asked, limit: number): Promise<Tally> {
  const { database } = parts;
  const tally: Tally = { read: 0, denied: 0, erased: 0, same: 0, groups: new Map() };
  const started = monotonicMs();
  let last: PastJob | null = null;
  while (tally.read < limit) {
    if (monotonicMs() - started > LIMITS.replay_ms / 2)
      throw new CountersignError('overloaded', 'the window holds too much for one replay; make it smaller');
    const page: PastJob[] = await readHistory(database, window, last, Math.min(LIMITS.replay_page, limit - tally.read));
    const verdicts = await inSlices(page, (job) => decideAnew(parts, window.tenant, job, asked));
    for (const [i, verdict] of verdicts.entries()) count(tally, page[i]!, verdict);
    last = page.at(-1) ?? null;
    if (page.length < LIMITS.replay_page) break;
  }
  return tally;
}

async function decideAnew(
  { scans, readRuns }: ReplayParts,
  tenant: string,
  job: PastJob,
  asked: Asked,
): Promise<Verdict> {
  const before = decisionList.parse(JSON.parse(job.decisions)).at(-1) as Decision;
  if (job.request === null || job.salt === null) return before.decision === 'deny' ? 'denied' : 'erased';
  const item: DecideItem = {
    gate: 'submit',
    request: namedRequest.parse({ ...JSON.parse(job.request), tenant }),
    actor: actor.parse(JSON.parse(job.actor)),
    job_hash: job.job_hash,
    salt: job.salt,
    min_epoch: 0,
  };
  const history = await readRun(readRuns, asked.policy, item, before.decided_at);
  const when = { now: before.decided_at, ...(history !== undefined && { history }) };
  const decideOnce = (apart: Scanning) => decideUnder({ ...asked, ends_at: null }, item, { ...when, scans: apart });
  return { before, after: comparedOf(await scans.decide(item.gate, decideOnce, false)) };
}

function count(tally: Tally, { topic, job_id }: PastJob, verdict: Verdict): void {
  tally.read += 1;
  if (typeof verdict === 'string') {
    tally[verdict] += 1;
    return;
  }
  const kind = differenceOf(verdict.before, verdict.after);
  if (kind === null) tally.same += 1;
  else addTo(tally.groups, kind, topic, job_id, verdict);
}

function addTo(
  groups: Tally['groups'],
  kind: Difference,
  topic: string,
  job_id: string,
  verdict: Exclude<Verdict, string>,
): void {
  const [before, after] = [standingOf(verdict.before), standingOf(verdict.after)];
  const key = JSON.stringify([kind, topic, before, after]);
  const group = groups.get(key) ?? { kind, topic, before, after, jobs: 0, examples: [] };
  group.jobs += 1;
  if (group.examples.length < LIMITS.replay_examples) group.examples.push(job_id);
  groups.set(key, group);
}

function standingOf({ decision: made, rule_id }: Compared) {
  return { decision: made, rule_id };
}

function summary({ read, denied, erased, same, groups }: Tally, jobs: number): Omit<Answer, 'policy' | 'from' | 'to'> {
  const sorted = [...groups].sort(([a, x], [b, y]) => y.jobs - x.jobs || (a < b ? -1 : 1)).map(([, group]) => group);
  const changes = Object.fromEntries(
    DIFFERENCES.map((kind) => [kind, sorted.reduce((sum, group) => sum + (group.kind === kind ? group.jobs : 0), 0)]),
  ) as Answer['changes'];
  return {
    jobs,
    replayed: read - denied - erased,
    skipped: { denied, erased },
    beyond_limit: jobs - read,
    complete: jobs === read - denied - erased,
    same,
    changes,
    groups: sorted.slice(0, LIMITS.replay_groups),
    more_groups: Math.max(0, sorted.length - LIMITS.replay_groups),
  };
}
