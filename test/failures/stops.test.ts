/**
 * A stop is a stop: set in the database by whoever may, it holds at submit, at dispatch, in what runs and at release,
 * until it is lifted, whatever is killed or lost meanwhile.
 */
import { rmSync } from 'node:fs';
import { LIMITS } from '@countersign/contracts/limits';
import { prepareBusAndPolicy } from '@countersign/infra/development-environment';
import { waitUntil } from '@countersign/infra/wait-until';
import { revokeIdentity } from '@countersign/ingress/revoke-identity';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { actAs, keepEndsApart, type Stop, setSwitch } from '../harness/act-as-role.ts';
import { everyInstance } from '../harness/every-instance.ts';
import { playWorker } from '../harness/play-worker.ts';
import { kindsOf } from '../harness/read-evidence.ts';
import { startSystem, type TestSystem } from '../harness/start-system.ts';
import { startWorker } from '../harness/start-worker.ts';
import { waitForApproval, waitForEnd, waitForState } from '../harness/wait-for-job.ts';
import { checkSystem, type SideEffect } from './check-system.ts';

const AGENT = 'desk-agent';
const TOPIC = 'job.desk.refund.order';
const STOPS: Stop[] = [
  { kind: 'all', target: '*' },
  { kind: 'tenant', target: 'default' },
  { kind: 'topic', target: 'job.desk.refund.*' },
  { kind: 'capability', target: 'desk.*' },
  { kind: 'pool', target: 'desk-write' },
  { kind: 'agent', target: AGENT },
  { kind: 'run', target: 'nightly-7' },
];

let system: TestSystem;
const cleanUp = new AsyncDisposableStack();
const effects: SideEffect[] = [];
const stopped: string[] = [];
const accepted: { job_id: string }[] = [];

beforeAll(async () => {
  system = cleanUp.use(await startSystem({ separate: true }));
  const worker = await startWorker(system, 'desk-write', async ({ job_id, dispatch_id, payload }, { signal }) => {
    effects.push({ job_id, dispatch_id });
    const waits = (payload as { reason?: string }).reason === 'waits';
    if (!waits) return { paid: true };
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    stopped.push(job_id);
    return { paid: false };
  });
  cleanUp.use(worker);
}, 120_000);
afterAll(() => cleanUp.disposeAsync());

function refund(more: object, topic = TOPIC) {
  return system.api('agent', 'POST', '/api/v1/jobs', {
    topic,
    labels: { run: 'nightly-7' },
    payload: { customer_id: 7, amount_cents: 100, ...more },
  });
}

async function submit(more: object, topic = TOPIC): Promise<string> {
  const { status, body } = await refund(more, topic);
  expect(status).toBe(202);
  accepted.push(body);
  return body.job_id;
}
/** Above 50.00 a person is asked, so the job waits until somebody answers. */
const LARGE = { amount_cents: 9_900 };
const RUNS_ON = { reason: 'waits' };

function isRunning(job_id: string) {
  return waitUntil('the job runs', () => effects.some((effect) => effect.job_id === job_id) || undefined);
}

async function approve(job_id: string): Promise<void> {
  const { approval_id, digest } = await waitForApproval(system, job_id);
  const { status } = await system.api('approver', 'POST', `/api/v1/approvals/${approval_id}/approve`, { digest });
  expect(status).toBe(200);
}

/** The dispatch gate has seen a cleared job and put it off. */
async function isPutOff(job_id: string): Promise<void> {
  const notBefore = async () => {
    const [row] = await system.sql<{ at: string }>(
      'SELECT not_before::text AS at FROM scheduler.jobs WHERE job_id = $1',
      [job_id],
    );
    return row!.at;
  };
  await waitForState(system, job_id, 'cleared');
  const before = await notBefore();
  await waitUntil('the gate puts the job off', async () => (await notBefore()) !== before);
}

describe.each(STOPS)('a stop of $kind', (stop) => {
  const id = `stop-${stop.kind}`;

  test('ends what runs within a second, refuses what comes, keeps what waits, and lets it go when lifted', async () => {
    const [waiting, running] = [await submit(LARGE), await submit(RUNS_ON)];
    await isRunning(running);
    await setSwitch(system, id, stop, true);
    const ends = waitUntil('the worker stops', () => stopped.includes(running), { timeout_ms: LIMITS.stop_ms });
    const refused = await refund({});
    expect(refused).toMatchObject({ status: 403, body: { code: 'denied', reason: `stopped by switch ${id}` } });
    await ends;
    expect(await kindsOf(system, refused.body.job_id)).toEqual(['job_denied']);
    expect(await waitForEnd(system, running)).toMatchObject({ state: 'cancelled', reason: `stopped by switch ${id}` });
    await approve(waiting);
    await isPutOff(waiting);
    expect(await kindsOf(system, waiting)).not.toContain('job_dispatched');
    await setSwitch(system, id, stop, false);
    expect((await waitForEnd(system, waiting)).state).toBe('succeeded');
    expect((await waitForEnd(system, await submit({}))).state).toBe('succeeded');
  });
});

test('a stop of something else stops nothing', async () => {
  const others: Stop[] = [
    { kind: 'tenant', target: 'other' },
    { kind: 'topic', target: 'job.desk.refund' },
    { kind: 'capability', target: 'desk.read' },
    { kind: 'pool', target: 'desk-read' },
    { kind: 'agent', target: 'alice' },
    { kind: 'run', target: 'nightly-8' },
  ];
  for (const other of others) await setSwitch(system, `other-${other.kind}`, other, true);
  expect((await waitForEnd(system, await submit({}))).state).toBe('succeeded');
  for (const other of others) await setSwitch(system, `other-${other.kind}`, other, false);
});

test('one that ends by itself holds until its end is recorded, and no longer', async () => {
  const { status, body } = await system.api('admin', 'POST', '/api/v1/stops', {
    kind: 'topic',
    target: TOPIC,
    reason: 'a drill',
    expires_in: 2,
  });
  expect(status).toBe(201);
  expect(await refund({})).toMatchObject({ status: 403, body: { reason: `stopped by switch ${body.switch_id}` } });
  const waiting = await submit({ ...LARGE, reason: 'until it ends' }, 'job.desk.refund.parcel');
  const ended = await waitUntil('its end is recorded', async () => {
    const [row] = await system.sql<{ late_ms: number }>(
      `SELECT extract(epoch FROM to_timestamp(time_us / 1e6) - (body::jsonb ->> 'expires_at')::timestamptz) * 1000 AS late_ms
         FROM ledger.entries WHERE chain = 'control' AND body::jsonb ->> 'switch_id' = $1 AND body::jsonb ->> 'on' = 'false'`,
      [body.switch_id],
    );
    return row;
  });
  expect(Number(ended.late_ms)).toBeGreaterThanOrEqual(0);
  expect((await system.api('admin', 'GET', '/api/v1/stops')).body.stops).toEqual([]);
  expect((await waitForEnd(system, await submit({}))).state).toBe('succeeded');
  await approve(waiting);
  expect((await waitForEnd(system, waiting)).state).toBe('succeeded');
});

test('set between result and release, it keeps the result in for good', async () => {
  const scheduler = everyInstance(system, 'scheduler');
  await using worker = await playWorker(system, 'desk-read');
  await keepEndsApart(system, true);
  const job_id = await submit({}, 'job.desk.read.ticket');
  const held = await worker.hold(job_id);
  await scheduler.kill();
  await worker.report(held, { secret: 'of the stopped' });
  await waitUntil('the result is screened', async () => {
    const rows = await system.sql('SELECT FROM output.outcomes WHERE job_id = $1', [job_id]);
    return rows.length === 1;
  });
  await setSwitch(system, 'at-release', { kind: 'agent', target: AGENT }, true);
  await scheduler.start();
  expect(await waitForEnd(system, job_id)).toMatchObject({
    state: 'cancelled',
    reason: 'stopped by switch at-release',
  });
  await setSwitch(system, 'at-release', { kind: 'agent', target: AGENT }, false);
  await keepEndsApart(system, false);
  for (const who of ['agent', 'auditor'] as const) {
    expect((await system.api(who, 'GET', `/api/v1/jobs/${job_id}/result`)).status).toBe(404);
  }
});

test('it stands after the JetStream store was lost and everything was killed', async () => {
  const waiting = await submit(LARGE);
  const stop: Stop = { kind: 'topic', target: TOPIC };
  await setSwitch(system, 'lasting', stop, true);
  await approve(waiting);
  await isPutOff(waiting);
  const programs = [...system.services.processes.values()];
  await Promise.all(programs.map((program) => program.kill()));
  await system.nats.stop();
  rmSync(system.nats.store_dir, { recursive: true, force: true });
  await system.nats.start();
  await prepareBusAndPolicy(system.prepared);
  await Promise.all(programs.map((program) => program.start()));
  expect(await refund({})).toMatchObject({ status: 403, body: { reason: 'stopped by switch lasting' } });
  await isPutOff(waiting);
  await setSwitch(system, 'lasting', stop, false);
  expect((await waitForEnd(system, waiting)).state).toBe('succeeded');
}, 120_000);

test('revoking an agent ends what it runs, refuses what it asks and denies what waits', async () => {
  const other = 'job.desk.refund.parcel';
  const [waiting, running] = [await submit(LARGE, other), await submit(RUNS_ON)];
  await isRunning(running);
  await setSwitch(system, 'hold', { kind: 'topic', target: other }, true);
  await approve(waiting);
  await isPutOff(waiting);
  await actAs(system, 'ingress', (tx) =>
    revokeIdentity(tx, { what: 'principal', id: AGENT, reason: 'tried by a test', by_key: null }),
  );
  await waitUntil('the worker stops', () => stopped.includes(running), { timeout_ms: LIMITS.stop_ms });
  expect(await refund({})).toMatchObject({ status: 403, body: { code: 'revoked' } });
  expect(await waitForEnd(system, running)).toMatchObject({ state: 'cancelled', reason: 'identity revoked' });
  await setSwitch(system, 'hold', { kind: 'topic', target: other }, false);
  expect(await waitForEnd(system, waiting)).toMatchObject({ state: 'denied', reason: 'identity revoked' });
});

test('nothing of all this contradicts the evidence', async () => {
  expect(await checkSystem(system, accepted, effects)).toEqual([]);
});
