/**
 * The independent checker: reads Postgres, the workers' own side-effect log and the client's log, trusts no service,
 * and says every way in which they contradict what was promised.
 */
import { roleOf, type ServiceName } from '@countersign/contracts/ledger-entry';
import { TERMINAL_STATES } from '@countersign/contracts/states';
import type { ChainEntry } from '@countersign/ledger/chain-entry';
import { verifyChain } from '@countersign/ledger/chain-hash';
import type { TestSystem } from '../harness/start-system.ts';
import { checkApprovals } from './check-approvals.ts';
import { checkCounts } from './check-counts.ts';
import { checkGrants } from './check-grants.ts';

/** One line for every run of a handler, written by the worker before it answers. */
export type SideEffect = { job_id: string; dispatch_id: string };
/** Every job that a 2xx was heard for. */
export type Accepted = { job_id: string };

type EntryRow = {
  chain: string;
  seq: number;
  kind: string;
  recorded_by: string;
  time_us: string;
  body: string;
  prev_hash: Buffer;
  hash: Buffer;
};

/** What the scheduler records of a job that has ended, without changing it. */
const AFTER_END = ['job_followed', 'dead_letter_discarded', 'approval_grant_revoked'];
const TERMINAL_KINDS = TERMINAL_STATES.map((state) => `job_${state}`);

export const ALL_SERVICES: readonly ServiceName[] = [
  'ingress',
  'policy-kernel',
  'scheduler',
  'approval',
  'output-safety',
  'audit',
];

/** Everything that is wrong; empty is the only good answer. */
export async function checkSystem(
  system: TestSystem,
  accepted: readonly Accepted[],
  effects: readonly SideEffect[],
): Promise<string[]> {
  const chains = await readEntries(system);
  return [
    ...checkChains(chains),
    ...(await checkEnds(system, chains, accepted)),
    ...(await checkDecisions(system, chains)),
    ...(await checkApprovals(system)),
    ...(await checkGrants(system)),
    ...(await checkFollowUps(system, chains)),
    ...checkEffects(chains, effects),
    ...checkCounts(chains),
  ];
}

/** Jobs that have not ended. */
export async function countOpen(system: TestSystem): Promise<number> {
  const [row] = await system.sql<{ open: number }>(
    'SELECT count(*)::int AS open FROM scheduler.jobs WHERE NOT state = ANY ($1)',
    [TERMINAL_STATES],
  );
  return row!.open;
}

async function readEntries(system: TestSystem): Promise<Map<string, EntryRow[]>> {
  const rows = await system.sql<EntryRow>(
    'SELECT chain, seq::int AS seq, kind, recorded_by, time_us::text, body, prev_hash, hash FROM ledger.entries ORDER BY chain, seq',
  );
  const chains = new Map<string, EntryRow[]>();
  for (const row of rows) chains.set(row.chain, [...(chains.get(row.chain) ?? []), row]);
  return chains;
}

function checkChains(chains: ReadonlyMap<string, EntryRow[]>): string[] {
  return [...chains].flatMap(([chain, rows]) => {
    const verdict = verifyChain(rows.map(toChainEntry));
    return verdict.ok ? [] : [`chain ${chain} breaks at ${verdict.seq}: ${verdict.reason}`];
  });
}

function toChainEntry(row: EntryRow): ChainEntry {
  return {
    chain: row.chain,
    kind: row.kind,
    recorded_by: row.recorded_by,
    seq: BigInt(row.seq),
    time_us: BigInt(row.time_us),
    body: row.body,
    prev_hash: row.prev_hash,
    hash: row.hash,
  };
}

async function checkEnds(
  system: TestSystem,
  chains: ReadonlyMap<string, EntryRow[]>,
  accepted: readonly Accepted[],
): Promise<string[]> {
  const jobs = await system.sql<{ job_id: string; tenant: string; state: string }>(
    'SELECT tenant, job_id, state FROM scheduler.jobs',
  );
  const states = new Map(jobs.map((job) => [job.job_id, job]));
  const faults = accepted
    .filter(({ job_id }) => !states.has(job_id))
    .map(({ job_id }) => `accepted job ${job_id} is gone`);
  for (const { tenant, job_id, state } of jobs) {
    const chain = chains.get(`job:${tenant}:${job_id}`) ?? [];
    const kinds = chain.map((row) => row.kind);
    const ends = kinds.filter((kind) => TERMINAL_KINDS.includes(kind));
    if (ends.length !== 1) faults.push(`job ${job_id} has ${ends.length} ends: ${kinds.join(' ')}`);
    /** After the end others may still record what they refused; whoever keeps the state has said the last word. */
    const last = chain.findLast(
      (row) => row.recorded_by === roleOf('scheduler') && !AFTER_END.includes(row.kind),
    )?.kind;
    if (last !== `job_${state}`) faults.push(`job ${job_id} is ${state}, its last step is ${last}`);
  }
  return faults;
}

/** What failed is a dead letter; what follows a job says so on both chains; nothing was taken, retried or undone twice. */
async function checkFollowUps(system: TestSystem, chains: ReadonlyMap<string, EntryRow[]>): Promise<string[]> {
  const links = await system.sql<{ tenant: string; job_id: string; kind: string; of_job_id: string; state: string }>(
    `SELECT f.tenant, f.job_id, f.kind, f.of_job_id, j.state FROM scheduler.follow_ups f JOIN scheduler.jobs j USING (tenant, job_id)`,
  );
  const bodies = (tenant: string, job_id: string, kind: string) =>
    (chains.get(`job:${tenant}:${job_id}`) ?? [])
      .filter((row) => row.kind === kind)
      .map(({ body }) => JSON.parse(body));
  const unsaid = links.filter(({ tenant, job_id, kind, of_job_id }) => {
    const made = [...bodies(tenant, job_id, 'job_admitted'), ...bodies(tenant, job_id, 'job_denied')];
    const says = made.some(({ follows }) => follows?.kind === kind && follows.job_id === of_job_id);
    return !says || !bodies(tenant, of_job_id, 'job_followed').some(({ by }) => by === job_id);
  });
  const settled = Map.groupBy(links, ({ tenant, kind, of_job_id }) => `${tenant}/${of_job_id} ${kind}`);
  const undone = ['failed', 'timed_out', 'denied', 'refused', 'expired', 'cancelled'];
  const twice = [...settled].filter(([, [first, ...more]]) => {
    if (first!.kind === 'remediates') return false;
    return (
      more.length > 0 &&
      [first!, ...more].filter(({ state }) => first!.kind === 'retries' || !undone.includes(state)).length > 1
    );
  });
  const lost = await system.sql<{ job_id: string }>(
    `SELECT job_id FROM scheduler.jobs j WHERE (state IN ('failed', 'timed_out')) <>
       EXISTS (SELECT FROM scheduler.dead_letters d WHERE d.tenant = j.tenant AND d.job_id = j.job_id)`,
  );
  return [
    ...unsaid.map(({ job_id, of_job_id }) => `${job_id} follows ${of_job_id}, and one of their chains does not say so`),
    ...twice.map(([what]) => `${what} was done twice`),
    ...lost.map(({ job_id }) => `job ${job_id} failed and is no dead letter, or the other way about`),
  ];
}

/** Every dispatch stands on a decision that was made for this very job. */
async function checkDecisions(system: TestSystem, chains: ReadonlyMap<string, EntryRow[]>): Promise<string[]> {
  const jobs = await system.sql<{ tenant: string; job_id: string; job_hash: string }>(
    'SELECT tenant, job_id, job_hash FROM scheduler.jobs',
  );
  return jobs.flatMap(({ tenant, job_id, job_hash }) =>
    (chains.get(`job:${tenant}:${job_id}`) ?? [])
      .filter(({ kind }) => kind === 'job_dispatched')
      .map(({ body }) => JSON.parse(body) as { job_hash: string; decision: { job_hash?: string } })
      // A decision about the entry's own job does not repeat its hash.
      .map((entry) => entry.decision.job_hash ?? entry.job_hash)
      .filter((decided) => decided !== job_hash)
      .map(() => `job ${job_id} was dispatched on another job's decision`),
  );
}

function checkEffects(chains: ReadonlyMap<string, EntryRow[]>, effects: readonly SideEffect[]): string[] {
  const dispatched = new Set<string>();
  const claimed = new Set<string>();
  for (const row of [...chains.values()].flat()) {
    const { dispatch_id } = JSON.parse(row.body) as { dispatch_id?: string };
    if (dispatch_id && row.kind === 'job_dispatched') dispatched.add(dispatch_id);
    if (dispatch_id && row.kind === 'job_running') claimed.add(dispatch_id);
  }
  const seen = new Set<string>();
  return effects.flatMap(({ dispatch_id, job_id }) => {
    const twice = seen.has(dispatch_id);
    seen.add(dispatch_id);
    return [
      ...(dispatched.has(dispatch_id) ? [] : [`job ${job_id} ran without a dispatch entry`]),
      ...(claimed.has(dispatch_id) ? [] : [`job ${job_id} ran without a claim entry`]),
      ...(twice ? [`attempt ${dispatch_id} of job ${job_id} ran twice`] : []),
    ];
  });
}
