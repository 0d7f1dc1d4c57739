/**
 * What one job may cost the servers, and what a system may cost that has nothing to do. Counts do not depend on the
 * machine, so a step that asks more of them than before is seen here and not first in somebody's bill.
 */
import type { Tx } from '@countersign/platform/database';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkJobs, type Submitted } from '../../bench/check-jobs.ts';
import { type Costs, type Counted, countCosts, loadStatementCounter } from '../../bench/count-costs.ts';
import { startSystem, type TestSystem } from '../../harness/start-system.ts';
import { startWorker } from '../../harness/start-worker.ts';

const cleanUp = new AsyncDisposableStack();
let counted: Counted;
let system: TestSystem;
let submitted: Submitted;

/** More than half of the log is the evidence: five entries with their hashes, leaves and indexes (docs/benchmarks.md). */
const A_JOB = { statements: 5, commits: 4.5, wal_bytes: 11_500, messages: 25 };
const IDLE_COMMITS_PER_S = 5;
/** A starved machine adds (what waits too long is asked again) and takes nothing away: what is within the bounds once is. */
const COUNTS = 3;

beforeAll(async () => {
  system = cleanUp.use(
    await startSystem({
      separate: true,
      own_postgres: true,
      prepare_postgres: ({ admin_url, stop, start }) =>
        loadStatementCounter(admin_url, async () => {
          await stop();
          await start();
        }),
    }),
  );
  // With room for many, as a worker that is meant for load: one pull then serves many messages.
  cleanUp.use(await startWorker(system, 'demo-read', () => ({ ok: true }), 32));
  const submit = async (): Promise<string> => {
    const { body } = await system.api('agent', 'POST', '/api/v1/jobs', { topic: 'job.demo.read', prompt: 'status' });
    job_ids.push(body.job_id);
    return body.job_id;
  };
  const job_ids: string[] = [];
  const [now] = await system.sql<{ at: string }>('SELECT clock_timestamp()::text AS at');
  submitted = { job_ids, unanswered: 0, tenant: system.tenant, since: now!.at };
  const counting = { admin_url: system.admin_url, monitor_url: system.nats.monitor_url, submit };
  counted = await countCosts(counting, 200);
  for (let i = 1; i < COUNTS && !isWithin(counted); i += 1) counted = least(counted, await countCosts(counting, 200));
}, 480_000);
afterAll(() => cleanUp.disposeAsync());

test('a job that shares no batch asks five statements of Postgres at most', () => {
  expect(counted.per_job.statements).toBeLessThanOrEqual(A_JOB.statements);
});
test('and four and a half commits', () => {
  expect(counted.per_job.commits).toBeLessThanOrEqual(A_JOB.commits);
});
test('and eleven and a half kilobytes of its log', () => {
  expect(counted.per_job.wal_bytes).toBeLessThanOrEqual(A_JOB.wal_bytes);
});
test('and twenty-five messages of nats-server, in and out', () => {
  expect(counted.per_job.messages).toBeLessThanOrEqual(A_JOB.messages);
});
test('a system with nothing to do commits five times a second at most', () => {
  expect(counted.idle_per_s.commits).toBeLessThanOrEqual(IDLE_COMMITS_PER_S);
});

test('and each job was done once, by id and by count; what is lost or twice there is named', async () => {
  const tx = { query: system.sql } as unknown as Tx;
  expect(submitted.job_ids.length).toBeGreaterThan(200);
  expect(await checkJobs(tx, submitted)).toEqual([]);
  const [one, two] = submitted.job_ids;
  const lost = await checkJobs(tx, { ...submitted, job_ids: [...submitted.job_ids.slice(1), 'never'] });
  expect(lost).toEqual(['job never: state none, results , kinds ']);
  const untold = await checkJobs(tx, { ...submitted, job_ids: submitted.job_ids.slice(1) });
  expect(untold).toEqual([
    `${submitted.job_ids.length} jobs where clients were told of ${submitted.job_ids.length - 1}`,
  ]);
  await system.sql(`UPDATE output.results SET job_id = '${two}' WHERE job_id = '${one}'`);
  const moved = await checkJobs(tx, submitted);
  expect(moved.map((each) => each.slice(0, each.indexOf(':')))).toEqual([`job ${one}`, `job ${two}`]);
});

function isWithin({ per_job, idle_per_s }: Counted): boolean {
  const jobs = Object.entries(A_JOB).every(([name, bound]) => (per_job[name as keyof Costs] ?? Infinity) <= bound);
  return jobs && idle_per_s.commits <= IDLE_COMMITS_PER_S;
}

function least(a: Counted, b: Counted): Counted {
  const of = (one: Costs, other: Costs): Costs => ({
    statements: Math.min(one.statements!, other.statements!),
    commits: Math.min(one.commits, other.commits),
    wal_bytes: Math.min(one.wal_bytes, other.wal_bytes),
    messages: Math.min(one.messages, other.messages),
  });
  return { per_job: of(a.per_job, b.per_job), idle_per_s: of(a.idle_per_s, b.idle_per_s) };
}
