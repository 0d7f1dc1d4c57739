/**
 * How many jobs run at once, counted by two replicas: never more than any bound lets, in order for those that wait, and no
 * place is lost with a job or an attempt that has ended.
 */
import { randomUUID } from 'node:crypto';
import type { LimitAsked } from '@countersign/contracts/counted-limits';
import { waitUntil } from '@countersign/infra/wait-until';
import { openLimitCounts } from '@countersign/policy-kernel/count-limits';
import { admitJobs } from '@countersign/scheduler/admit/admit-jobs';
import { claimAttempts } from '@countersign/scheduler/claim/claim-attempts';
import { decideAgain } from '@countersign/scheduler/dispatch/decide-again';
import { dispatchCarefully } from '@countersign/scheduler/dispatch/dispatch-carefully';
import { dispatchJobs } from '@countersign/scheduler/dispatch/dispatch-jobs';
import { pickCleared } from '@countersign/scheduler/dispatch/store-dispatch';
import { forgetRunning, wakeWaiting } from '@countersign/scheduler/limits/store-running';
import { sweepAttempts } from '@countersign/scheduler/retry/sweep-attempts';
import type { SchedulerContext } from '@countersign/scheduler/scheduler-context';
import { readAgenda } from '@countersign/scheduler/store-agenda';
import { cancelJob } from '@countersign/scheduler/view/cancel-job';
import { showJob } from '@countersign/scheduler/view/read-jobs';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ACTOR, admitItem, POOL, TENANT } from '../../cases/scheduler/decided-job.ts';
import { runSteps, type StepRun } from './run-steps.ts';

let run: StepRun;
const limitsOf = new Map<string, LimitAsked[]>();

beforeAll(async () => {
  run = await runSteps(1_000, undefined, ({ request: { job_id } }) => obligationsOf(job_id));
});
afterAll(() => run[Symbol.asyncDispose]());
beforeEach(async () => {
  await run.admin.query(`UPDATE scheduler.attempts SET state = 'ended' WHERE under_way`);
  await run.admin.query(
    `UPDATE scheduler.jobs SET state = 'succeeded' WHERE state IN ('cleared', 'dispatched', 'running')`,
  );
});

function obligationsOf(job_id: string) {
  const limits = limitsOf.get(job_id);
  return limits === undefined ? {} : { obligations: { limits } };
}

function atOnce(most: number, name: string = randomUUID(), id = 'at-once'): LimitAsked {
  const bound = { id, per: { agent: name }, counts: 'running', most: String(most) } as const;
  return { ...bound, takes: '1', within_ms: null, exceeded: 'wait' };
}

async function submit(limits: LimitAsked[], priority?: number): Promise<string> {
  const job_id = randomUUID();
  limitsOf.set(job_id, limits);
  const item = admitItem(job_id, { epoch: run.epoch(), changes: obligationsOf(job_id) });
  await admitJobs(run.replicas[0]!, [{ ...item, request: { ...item.request, ...(priority && { priority }) } }]);
  return job_id;
}

/** As a second later: what waits is woken where an agenda would find that it does. */
async function dispatch(): Promise<void> {
  const { waits } = await readAgenda(run.replicas[0]!.database);
  for (const replica of run.replicas) replica.known.waits = waits;
  await Promise.all(run.replicas.map(dispatchJobs));
}

async function statesOf(jobs: readonly string[]): Promise<string[]> {
  const rows = await run.admin.query<{ state: string }>(
    `SELECT j.state FROM unnest($1::text[]) WITH ORDINALITY AS k (job_id, place)
       JOIN scheduler.jobs j ON j.job_id = k.job_id ORDER BY k.place`,
    [jobs],
  );
  return rows.map(({ state }) => state);
}

async function end(job_id: string): Promise<void> {
  await run.admin.query(`UPDATE scheduler.attempts SET state = 'ended' WHERE job_id = $1`, [job_id]);
  await run.admin.query(`UPDATE scheduler.jobs SET state = 'succeeded' WHERE job_id = $1`, [job_id]);
}

async function claim(job_id: string, worker = 'w1') {
  const [attempt] = await run.admin.query<{ dispatch_id: string }>(
    `SELECT dispatch_id FROM scheduler.attempts WHERE job_id = $1 AND under_way`,
    [job_id],
  );
  const asked = { dispatch_id: attempt!.dispatch_id, claim_id: randomUUID(), pool: POOL, worker };
  return (await claimAttempts(run.replicas[1]!, [asked]))[0]!;
}

test('two replicas at once never let more run than any bound says, and all get their turn', async () => {
  const job = fc.record({ agent: fc.constantFrom('a', 'b'), priority: fc.constantFrom(5, 7) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(job, { minLength: 5, maxLength: 12 }),
      fc.array(fc.nat(5), { minLength: 30, maxLength: 30 }),
      fc.integer({ min: 1, max: 2 }),
      async (jobs, ends, most) => {
        const round = randomUUID();
        const all = { a: [] as string[], b: [] as string[] };
        for (const { agent, priority } of jobs)
          all[agent].push(await submit([atOnce(most, round + agent), atOnce(3, round, 'all')], priority));
        let running: string[] = [];
        for (let turn = 0; turn < jobs.length + 2; turn += 1) {
          await dispatch();
          const states = { a: await statesOf(all.a), b: await statesOf(all.b) };
          const counted = Object.values(states).map((each) => each.filter((state) => state === 'dispatched').length);
          for (const count of counted) expect(count).toBeLessThanOrEqual(most);
          expect(counted[0]! + counted[1]!).toBeLessThanOrEqual(3);
          running = [...all.a, ...all.b].filter((_, i) => [...states.a, ...states.b][i] === 'dispatched');
          if (running.length === 0) break;
          await end(running[ends[turn]! % running.length]!);
        }
        expect(running).toEqual([]);
        expect(new Set(await statesOf([...all.a, ...all.b]))).toEqual(new Set(['succeeded']));
      },
    ),
    { numRuns: 6 },
  );
});

test('two that are dispatched in the same moment never share the last place', async () => {
  const bound = atOnce(1);
  const jobs = [await submit([bound]), await submit([bound])];
  const [context, other] = run.replicas as [SchedulerContext, SchedulerContext];
  const cleared = (await pickCleared(context.database, 128, new Map())).filter(({ job_id }) => jobs.includes(job_id));
  const [first, second] = await decideAgain(context, cleared);
  const waits = Promise.withResolvers<void>();
  let late: Promise<unknown> = Promise.resolve();
  await context.database.transaction(async (tx) => {
    await dispatchCarefully(context, tx, [first!]);
    late = other.database.transaction((own) => dispatchCarefully(other, own, [second!])).finally(waits.resolve);
    // Until it is done, or stands before the count that this transaction holds.
    const stands = async () =>
      (
        await run.admin.query(
          `SELECT FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = current_database()`,
        )
      ).length > 0;
    await Promise.race([waits.promise, waitUntil('the other one waits', stands)]);
  });
  await late;
  expect((await statesOf(jobs)).toSorted()).toEqual(['cleared', 'dispatched']);
});

test('a job without room says why, and goes on in its turn: by priority, then the oldest', async () => {
  const bound = atOnce(1, undefined, 'deploys');
  const first = await submit([bound]);
  await dispatch();
  const [second, third] = [await submit([bound]), await submit([bound])];
  await dispatch();
  const urgent = await submit([bound], 9);
  await dispatch();
  const waiting = [second, third, urgent];
  expect(await statesOf([first, ...waiting])).toEqual(['dispatched', 'cleared', 'cleared', 'cleared']);
  const { reason } = await showJob(run.admin, { tenant: TENANT, job_id: second });
  expect(reason).toBe('limit_exceeded: deploys has no room: at most 1 jobs at once');
  const order = [];
  for (let running: string | undefined = first; running !== undefined; ) {
    await end(running);
    // Whoever comes in this moment does not overtake those that wait, and were not woken yet.
    if (waiting.length === 3) {
      waiting.push(await submit([bound]));
      for (const replica of run.replicas) replica.known.waits = false;
      await dispatchJobs(run.replicas[0]!);
      expect(new Set(await statesOf(waiting))).toEqual(new Set(['cleared']));
    }
    await dispatch();
    const states = await statesOf(waiting);
    expect(states.filter((state) => state === 'dispatched').length).toBeLessThanOrEqual(1);
    running = waiting[states.indexOf('dispatched')];
    if (running !== undefined) order.push(running);
  }
  expect(order).toEqual([urgent, second, third, waiting[3]]);
  expect((await showJob(run.admin, { tenant: TENANT, job_id: second })).reason).toBeNull();
  expect((await readAgenda(run.admin)).waits).toBe(false);
});

test('a place is free again when an attempt is lost or its job is cancelled, and counted while people look', async () => {
  const bound = atOnce(1);
  const [running, waiting] = [await submit([bound]), await submit([bound])];
  await dispatch();
  const used = async () =>
    (await openLimitCounts(run.admin)('*', { obligations: { limits: [bound] } } as never))[0]!.used;
  expect([await statesOf([running, waiting]), await used()]).toEqual([['dispatched', 'cleared'], '1']);
  await claim(running);
  expect(await used()).toBe('1');
  await run.admin.query(`UPDATE scheduler.attempts SET due_at = now() WHERE job_id = $1`, [running]);
  await sweepAttempts(run.replicas[0]!);
  expect([await statesOf([running]), await used()]).toEqual([['cleared'], '0']);
  await dispatch();
  expect(await statesOf([running, waiting])).toEqual(['cleared', 'dispatched']);
  const principal = { id: ACTOR, type: 'agent', key_id: null, auth_method: 'api_key' } as never;
  await cancelJob(run.replicas[0]!, { tenant: TENANT, job_id: waiting, principal, reason: null } as never);
  await run.admin.query(`UPDATE scheduler.jobs SET not_before = now() WHERE job_id = $1`, [running]);
  await dispatch();
  expect(await statesOf([running, waiting])).toEqual(['dispatched', 'cancelled']);
  // Once no bound concerns it any more, it is in nobody's way, though it ran under one before.
  await run.admin.query(`UPDATE scheduler.attempts SET state = 'lost' WHERE job_id = $1 AND under_way`, [running]);
  await run.admin.query(`UPDATE scheduler.jobs SET state = 'cleared' WHERE job_id = $1`, [running]);
  limitsOf.set(running, []);
  await dispatch();
  expect([await statesOf([running]), await used()]).toEqual([['dispatched'], '0']);
  const next = await submit([bound]);
  await dispatch();
  expect(await statesOf([next])).toEqual(['dispatched']);
  await Promise.all([end(running), end(next)]);
  await forgetRunning(run.replicas[0]!.database);
  expect(await run.admin.query('SELECT * FROM scheduler.running_jobs')).toEqual([]);
});

test('one that is looked at while others are woken, and waits anew, is not forgotten', async () => {
  const [bound, other] = [atOnce(1), atOnce(1)];
  const [ending, running] = [await submit([bound]), await submit([other])];
  await dispatch();
  const [woken, again] = [await submit([bound]), await submit([other])];
  await dispatch();
  await end(ending);
  // Its turn came, and nobody has looked at it yet.
  await run.admin.query('UPDATE scheduler.jobs SET not_before = now() WHERE job_id = $1', [again]);
  const waking = await run.admin.transaction(async (tx) => {
    await tx.query('SET LOCAL idle_in_transaction_session_timeout = 0');
    await tx.query('SELECT FROM scheduler.jobs WHERE job_id = $1 FOR UPDATE', [woken]);
    const waking = wakeWaiting(run.replicas[0]!.database);
    const stands = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await waitUntil('it stands before a job', async () => (await run.admin.query(stands)).length > 0);
    run.replicas[1]!.known.waits = false;
    await dispatchJobs(run.replicas[1]!);
    return { waking };
  });
  await waking.waking;
  await end(running);
  await dispatch();
  expect(await statesOf([woken, again])).toEqual(['dispatched', 'dispatched']);
});

test('those that left the queue by another way hold up nobody behind them', async () => {
  const bound = atOnce(1);
  const jobs: string[] = [];
  for (let i = 0; i < 4; i += 1) jobs.push(await submit([bound]));
  await dispatch();
  const [first, ...others] = jobs as [string, string, string, string];
  await run.admin.query(`UPDATE scheduler.jobs SET state = 'cancelled' WHERE job_id = ANY ($1)`, [others.slice(0, 2)]);
  await end(first);
  await dispatch();
  expect(await statesOf(jobs)).toEqual(['succeeded', 'cancelled', 'cancelled', 'dispatched']);
  expect((await readAgenda(run.admin)).waits).toBe(false);
});

test('one that no such bound concerns is sent as ever, and writes nothing down', async () => {
  const plain = await submit([]);
  const { waits } = await readAgenda(run.admin);
  await dispatch();
  expect([waits, await statesOf([plain])]).toEqual([false, ['dispatched']]);
  expect(await run.admin.query('SELECT * FROM scheduler.running_jobs WHERE job_id = $1', [plain])).toEqual([]);
});

test('one worker runs no more than its pool says, whatever it claims, and another one takes the rest', async () => {
  await run.activate({ worker_concurrency: 2 });
  const jobs = [await submit([]), await submit([]), await submit([])] as [string, string, string];
  await dispatch();
  expect(await statesOf(jobs)).toEqual(['dispatched', 'dispatched', 'dispatched']);
  const both = await Promise.all([claim(jobs[0]), claim(jobs[1]), claim(jobs[2])]);
  const outcomes = both.map((answer) => (answer as { outcome: string }).outcome);
  expect(outcomes.toSorted()).toEqual(['granted', 'granted', 'wait']);
  const left = jobs[outcomes.indexOf('wait')]!;
  expect(await claim(left)).toMatchObject({ outcome: 'wait' });
  expect(await claim(left, 'w2')).toMatchObject({ outcome: 'granted' });
  await run.activate();
});
