/**
 * Limits, counted by two replicas at once: never more than a window holds, never twice for one job, in order for those that
 * wait, and nothing at all for a job without limits.
 */
import { randomUUID } from 'node:crypto';
import type { AdmitItem, Admitted } from '@countersign/contracts/admission';
import type { LimitAsked } from '@countersign/contracts/counted-limits';
import type { Constraints, Obligations } from '@countersign/contracts/decision';
import { CountersignError } from '@countersign/contracts/errors';
import { openLimitCounts } from '@countersign/policy-kernel/count-limits';
import { admitJobs } from '@countersign/scheduler/admit/admit-jobs';
import { dispatchJobs } from '@countersign/scheduler/dispatch/dispatch-jobs';
import { admitParked } from '@countersign/scheduler/limits/admit-parked';
import { forgetCounted } from '@countersign/scheduler/limits/store-limits';
import { sweepDeadlines } from '@countersign/scheduler/retry/sweep-deadlines';
import { cancelJob } from '@countersign/scheduler/view/cancel-job';
import { countWaiting } from '@countersign/scheduler/view/count-waiting';
import { showJob } from '@countersign/scheduler/view/read-jobs';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ACTOR, admitItem, TENANT } from '../../cases/scheduler/decided-job.ts';
import { runSteps, type StepRun } from './run-steps.ts';

const HOUR = 3_600_000;
const PART_MS = HOUR / 60;

let run: StepRun;
/** By job: the kernel says the same at both gates. */
const limitsOf = new Map<string, LimitAsked[]>();
const constraintsOf = new Map<string, { constraints: Constraints } | { obligations: Obligations }>();

beforeAll(async () => {
  run = await runSteps(1_000, undefined, ({ request }) => obligationsOf(request.job_id));
});
afterAll(() => run[Symbol.asyncDispose]());
beforeEach(() => limitsOf.clear());

function obligationsOf(job_id: string) {
  const limits = limitsOf.get(job_id);
  return { ...constraintsOf.get(job_id), ...(limits !== undefined && { obligations: { limits } }) };
}

function limit(most: number | string, changes: Partial<LimitAsked> = {}): LimitAsked {
  const per = { agent: randomUUID() };
  return {
    id: 'l',
    per,
    counts: 'jobs',
    most: String(most),
    takes: '1',
    within_ms: HOUR,
    exceeded: 'deny',
    ...changes,
  };
}

function job(limits: LimitAsked[], changes: Partial<AdmitItem> & { deadline_ms?: number } = {}): AdmitItem {
  const { deadline_ms, ...rest } = changes;
  const job_id = rest.request?.job_id ?? randomUUID();
  limitsOf.set(job_id, limits);
  const item = admitItem(job_id, { epoch: run.epoch(), changes: obligationsOf(job_id) });
  return { ...item, ...rest, request: { ...item.request, ...(deadline_ms !== undefined && { deadline_ms }) } };
}

function admittedOf(outcome: Admitted | CountersignError | undefined): Admitted {
  if (outcome === undefined || outcome instanceof CountersignError) throw outcome ?? new Error('no outcome');
  return outcome;
}

async function admit(items: AdmitItem[], replica = 0): Promise<Admitted[]> {
  return (await admitJobs(run.replicas[replica]!, items)).map(admittedOf);
}

async function submit(limits: LimitAsked[], changes: Parameters<typeof job>[1] = {}): Promise<Admitted> {
  return admittedOf((await admit([job(limits, changes)]))[0]);
}

async function stateOf(job_id: string): Promise<string> {
  const [row] = await run.admin.query<{ state: string }>('SELECT state FROM scheduler.jobs WHERE job_id = $1', [
    job_id,
  ]);
  return row!.state;
}

/** As if this much time had passed since everything was counted. */
async function pass(ms: number): Promise<void> {
  const earlier = (column: string) => `${column} - ${ms} * interval '1 millisecond'`;
  // Taken out and put back: moved one by one, parts would meet each other.
  await run.admin.query('CREATE TABLE moved AS SELECT * FROM scheduler.limit_uses');
  await run.admin.query('DELETE FROM scheduler.limit_uses');
  await run.admin.query(
    `INSERT INTO scheduler.limit_uses
     SELECT key, ${earlier('started_at')}, ${earlier('ends_at')}, ${earlier('forget_at')}, used FROM moved`,
  );
  await run.admin.query('DROP TABLE moved');
  await run.admin.query(`UPDATE scheduler.parked_queues SET look_at = ${earlier('look_at')}`);
  await run.admin.query(`UPDATE scheduler.limit_open SET look_at = ${earlier('look_at')}`);
}

async function end(job_id: string): Promise<void> {
  await run.admin.query(`UPDATE scheduler.jobs SET state = 'succeeded' WHERE job_id = $1`, [job_id]);
}

test('two replicas at once never let more in than a window holds, and turn away nobody for whom there was room', async () => {
  const amount = fc.integer({ min: 1, max: 400 }).map((cents) => (cents / 100).toFixed(2));
  const submission = fc.record({ replica: fc.constantFrom(0, 1), amount, batch: fc.integer({ min: 1, max: 4 }) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(submission, { minLength: 4, maxLength: 12 }),
      fc.integer({ min: 2, max: 10 }),
      fc.constantFrom('jobs', 'cost', 'open'),
      async (submissions, most, counts) => {
        const shared = limit(most, { counts, ...(counts === 'open' && { within_ms: null }) });
        const answers = await Promise.all(
          submissions.map(async ({ replica, amount: said, batch }) => {
            const takes = counts === 'cost' ? said : '1';
            const items = Array.from({ length: batch }, () => job([{ ...shared, takes }]));
            return (await admit(items, replica)).map(({ state }) => ({ state, takes }));
          }),
        );
        const cents = (takes: string): number => Math.round(Number(takes) * 100);
        const all = answers.flat();
        const used = all.filter(({ state }) => state !== 'denied').reduce((sum, { takes }) => sum + cents(takes), 0);
        expect(used).toBeLessThanOrEqual(most * 100);
        for (const { state, takes } of all)
          if (state === 'denied') expect(used + cents(takes)).toBeGreaterThan(most * 100);
      },
    ),
    { numRuns: 12 },
  );
});

test('a limit that is exceeded denies under its own reason, with what was used in the evidence', async () => {
  const shared = limit(1, { id: 'refunds' });
  expect((await submit([shared])).state).toBe('cleared');
  const denied = await submit([shared]);
  expect(denied.state).toBe('denied');
  expect(denied.decisions.at(-1)).toMatchObject({
    decision: 'deny',
    effective_digest: null,
    reason: expect.stringMatching(/^limit_exceeded: refunds/),
    limited: [{ id: 'refunds', exceeded: 'deny', used: '1', most: '1' }],
  });
  const [entry] = await run.admin.query<{ kind: string; body: string }>(
    'SELECT kind, body FROM ledger.entries WHERE chain = $1',
    [`job:${TENANT}:${denied.job_id}`],
  );
  expect(entry!.kind).toBe('job_denied');
  expect(entry!.body).toContain('limit_exceeded: refunds');
  const [kept] = await run.admin.query<{ request: string | null }>(
    'SELECT request FROM scheduler.contexts WHERE job_id = $1',
    [denied.job_id],
  );
  expect(kept!.request).toBeNull();
});

test('amounts add up exactly', async () => {
  const budget = (takes: string) => ({ ...shared, takes });
  const shared = limit('0.3', { counts: 'cost' });
  const states = [];
  for (const takes of ['0.1', '0.2', '0.000001', '0']) states.push((await submit([budget(takes)])).state);
  expect(states).toEqual(['cleared', 'cleared', 'denied', 'cleared']);
  const open = limit(3, { id: 'o', counts: 'open', within_ms: null });
  const { job_id, decisions } = await submit([open, budget('0')]);
  const told = openLimitCounts(run.admin);
  const shown = [
    { id: 'o', most: '3', used: '1' },
    { id: 'l', most: '0.3', used: '0.3' },
  ];
  expect(await told('*', decisions.at(-1)!)).toEqual(shown);
  await end(job_id);
  expect(await told('*', decisions.at(-1)!)).toEqual([{ ...shown[0], used: '0' }, shown[1]]);
  expect(await told('acme', decisions.at(-1)!)).toMatchObject([{ used: '0' }, { used: '0' }]);
});

test('one job is counted once, whoever admits it how often, and under whatever name', async () => {
  const shared = limit(3);
  const first = job([shared]);
  const both = await Promise.all([admit([first, first], 0), admit([first], 1)]);
  expect(both.flat().map(({ state }) => state)).toEqual(['cleared', 'cleared', 'cleared']);
  const keyed = [job([shared], { idempotency_key: 'k1' }), job([shared], { idempotency_key: 'k1' })];
  const answers = await Promise.all([admit(keyed, 0), admit(keyed, 1)]);
  expect(new Set(answers.flat().map(({ job_id }) => job_id)).size).toBe(1);
  expect((await submit([shared])).state).toBe('cleared');
  expect((await submit([shared])).state).toBe('denied');
});

test('an attempt, a dispatch and another epoch count nothing again', async () => {
  const shared = limit(2);
  const { job_id } = await submit([shared]);
  await dispatchJobs(run.replicas[0]!);
  expect(await stateOf(job_id)).toBe('dispatched');
  await run.admin.query(`UPDATE scheduler.jobs SET state = 'cleared' WHERE job_id = $1`, [job_id]);
  await run.activate();
  await dispatchJobs(run.replicas[1]!);
  expect((await submit([shared])).state).toBe('cleared');
  expect((await submit([shared])).state).toBe('denied');
});

test('whoever stands at the edge of a window finds it as full as it is', async () => {
  const shared = limit(1);
  await submit([shared]);
  await pass(HOUR - 1_000);
  expect((await submit([shared])).state).toBe('denied');
  await pass(1_000 + PART_MS);
  expect((await submit([shared])).state).toBe('cleared');
  expect((await submit([shared])).state).toBe('denied');
  // A clock that is set back gives nothing back.
  await pass(-HOUR / 2);
  expect((await submit([shared])).state).toBe('denied');
});

test('what was cancelled before it ran stays counted in its window, and is not open any more', async () => {
  const window = limit(1);
  const open = limit(1, { counts: 'open', within_ms: null });
  const cancel = async ({ job_id }: Admitted) => {
    const principal = { id: ACTOR, type: 'agent', key_id: null, auth_method: 'api_key' } as never;
    await cancelJob(run.replicas[0]!, { tenant: TENANT, job_id, principal, reason: null } as never);
  };
  await cancel(await submit([window]));
  expect((await submit([window])).state).toBe('denied');
  const first = await submit([open]);
  expect((await submit([open])).state).toBe('denied');
  await cancel(first);
  expect((await submit([open])).state).toBe('cleared');
});

test('of several limits all have room or none is counted', async () => {
  const [narrow, wide] = [limit(1), limit(2, { id: 'wide' })];
  await submit([narrow, wide]);
  expect((await submit([narrow, wide])).state).toBe('denied');
  expect((await submit([wide])).state).toBe('cleared');
  expect((await submit([wide])).state).toBe('denied');
});

test('an approval is asked for where the rule says so, of whom it says, and counts in no window', async () => {
  const approval = { stages: [{ group: 'sre', count: 2 }], expires_ms: 60_000 };
  const shared = limit(1, { exceeded: 'require_approval', approval });
  await submit([shared]);
  const held = await submit([shared]);
  expect(held.state).toBe('held');
  expect(held.decisions.at(-1)).toMatchObject({ decision: 'require_approval', obligations: { approval } });
  const [row] = await run.admin.query<{ approval_terms: object; held_seq: number }>(
    'SELECT approval_terms, held_seq FROM scheduler.jobs WHERE job_id = $1',
    [held.job_id],
  );
  expect(row).toMatchObject({ held_seq: 1, approval_terms: { stages: approval.stages, exceeded: ['l'] } });
  await pass(HOUR + PART_MS);
  expect((await submit([shared])).state).toBe('cleared');
});

test('parked jobs go on in the order in which they came, once there is room, and nobody overtakes them', async () => {
  const shared = limit(2, { exceeded: 'park' });
  const free = [await submit([shared]), await submit([shared])];
  expect(free.map(({ state }) => state)).toEqual(['cleared', 'cleared']);
  const first = job([shared]);
  const waiting = [...(await admit([first])), await submit([shared]), await submit([shared])];
  expect(waiting.map(({ state }) => state)).toEqual(['parked', 'parked', 'parked']);
  expect(admittedOf((await admit([first]))[0])).toMatchObject({ state: 'parked', replayed: true });
  const seen = async () => Promise.all(waiting.map(({ job_id }) => stateOf(job_id)));

  await pass(HOUR / 2);
  await Promise.all(run.replicas.map(admitParked));
  expect(await seen()).toEqual(['parked', 'parked', 'parked']);
  await pass(HOUR);
  // Room for two, and three stand before this one.
  const late = await submit([shared]);
  expect(late.state).toBe('parked');
  await Promise.all(run.replicas.map(admitParked));
  await admitParked(run.replicas[0]!);
  expect(await seen()).toEqual(['cleared', 'cleared', 'parked']);
  const [entry] = await run.admin.query<{ kinds: string }>(
    `SELECT string_agg(kind, ' ' ORDER BY seq) AS kinds FROM ledger.entries WHERE chain = $1`,
    [`job:${TENANT}:${waiting[0]!.job_id}`],
  );
  expect(entry!.kinds).toBe('job_admitted job_cleared');
  await pass(2 * HOUR);
  await admitParked(run.replicas[1]!);
  expect([...(await seen()), await stateOf(late.job_id)]).toEqual(['cleared', 'cleared', 'cleared', 'cleared']);
});

test('a parked job expires, is cancelled or denied like any other, and holds up nobody behind it', async () => {
  const shared = limit(1, { exceeded: 'park', counts: 'open', within_ms: null });
  const open = await submit([shared]);
  const [overdue, cancelled, next] = [
    await submit([shared], { deadline_ms: 1 }),
    await submit([shared]),
    await submit([shared]),
  ];
  await sweepDeadlines(run.replicas[0]!);
  const principal = { id: ACTOR, type: 'agent', key_id: null, auth_method: 'api_key' } as never;
  const asked = { tenant: TENANT, job_id: cancelled.job_id, principal, reason: null } as never;
  await cancelJob(run.replicas[0]!, asked);
  await end(open.job_id);
  await pass(5_000);
  await admitParked(run.replicas[0]!);
  expect(await Promise.all([overdue, cancelled, next].map(({ job_id }) => stateOf(job_id)))).toEqual([
    'expired',
    'cancelled',
    'cleared',
  ]);
  // What could never fit does not wait for it.
  const large = limit(5, { exceeded: 'park', counts: 'cost', takes: '6' });
  expect((await submit([large])).state).toBe('denied');
});

test('an attempt is bound to touch no more than its decision says, whichever gate sent it', async () => {
  const job_id = randomUUID();
  const changes = { constraints: { max_affected: 3 } };
  constraintsOf.set(job_id, changes);
  const [admitted] = await admit([admitItem(job_id, { epoch: run.epoch(), changes })]);
  expect(admitted!.state).toBe('cleared');
  await dispatchJobs(run.replicas[0]!);
  const [attempt] = await run.admin.query('SELECT state, max_affected FROM scheduler.attempts WHERE job_id = $1', [
    job_id,
  ]);
  expect(attempt).toEqual({ state: 'dispatched', max_affected: 3 });
});

test('a job whose run is to be signed off stands on the list from its dispatch, whichever gate sends it, and no other does', async () => {
  const [marked, plain] = [randomUUID(), randomUUID()];
  const changes = { obligations: { review: 'required' as const } };
  constraintsOf.set(marked, changes);
  const [admitted] = await admit([admitItem(marked, { epoch: run.epoch(), changes })]);
  // Never sent while it is admitted: that statement puts nothing on the list.
  expect(admitted!.state).toBe('cleared');
  await admit([admitItem(plain, { epoch: run.epoch() })]);
  await dispatchJobs(run.replicas[0]!);
  const rows = await run.admin.query(
    `SELECT j.job_id, j.state FROM scheduler.run_reviews r JOIN scheduler.jobs j USING (tenant, job_id)`,
  );
  expect(rows).toEqual([{ job_id: marked, state: 'dispatched' }]);
  expect((await showJob(run.replicas[0]!.database, { tenant: TENANT, job_id: marked })).review).toMatchObject({
    state: 'due',
  });
  expect((await showJob(run.replicas[0]!.database, { tenant: TENANT, job_id: plain })).review).toBeUndefined();
});

test('a tenant with as many jobs waiting as it may have is told to come again, until it has fewer', async () => {
  const context = run.replicas[0]!;
  const crowded = { ...context, config: { ...context.config, TENANT_WAITING: 1 } };
  const { job_id } = await submit([limit(1)]);
  expect(await stateOf(job_id)).toBe('cleared');
  await countWaiting(crowded);
  const [outcome] = await admitJobs(context, [job([])]);
  expect(outcome).toMatchObject({ code: 'share_exceeded' });
  await run.admin.query(`UPDATE scheduler.jobs SET state = 'succeeded' WHERE state IN ('held', 'cleared')`);
  await run.admin.query('DELETE FROM scheduler.parked');
  await countWaiting(crowded);
  expect((await submit([])).state).toBe('cleared');
});

test('what no window reaches any more is forgotten, and queues without anybody are closed', async () => {
  await pass(4 * HOUR);
  await admitParked(run.replicas[0]!);
  await admitParked(run.replicas[0]!);
  await run.admin.query(`UPDATE scheduler.jobs SET state = 'succeeded' WHERE state IN ('cleared', 'dispatched')`);
  await forgetCounted(run.replicas[0]!.database);
  const [left] = await run.admin.query(
    `SELECT (SELECT count(*) FROM scheduler.limit_uses) AS uses, (SELECT count(*) FROM scheduler.limit_open) AS open,
            (SELECT count(*) FROM scheduler.parked) AS parked, (SELECT count(*) FROM scheduler.parked_queues) AS queues`,
  );
  expect(left).toEqual({ uses: 0, open: 0, parked: 0, queues: 0 });
});
