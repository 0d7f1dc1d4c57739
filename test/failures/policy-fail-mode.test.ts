/**
 * The kernel is taken away at each gate in each mode. Closed means no, or not yet. Open passes what the kernel itself
 * allowed before, marked and counted, and nothing that an approval, a stop or another policy would have a word in.
 */
import { readRecordedDecision } from '@countersign/contracts/recorded-decision';
import { serviceSettings } from '@countersign/infra/development-environment';
import { waitUntil } from '@countersign/infra/wait-until';
import { ingress } from '@countersign/ingress/service';
import { isFailOpen } from '@countersign/platform/fail-mode';
import { start } from '@countersign/platform/service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setSwitch } from '../harness/act-as-role.ts';
import { everyInstance } from '../harness/every-instance.ts';
import { entriesOf } from '../harness/read-evidence.ts';
import { startSystem, type TestSystem } from '../harness/start-system.ts';
import { startWorker } from '../harness/start-worker.ts';
import { waitForApproval, waitForEnd, waitForState } from '../harness/wait-for-job.ts';

const READ = { topic: 'job.demo.read', prompt: 'status' };
const UPDATE = { topic: 'job.desk.update.address', payload: { customer: 'c-1' } };
const LARGE = { topic: 'job.desk.refund.issue', payload: { customer_id: 'c-1', amount_cents: 9_000 } };
/** What goes out to the four slots of desk-write, and as much again as a window. */
const ROOM = 8;
const FUTURE = '2100-01-01T00:00:00Z';

async function started(mode: 'closed' | 'open'): Promise<TestSystem> {
  return startSystem({
    separate: true,
    settings: {
      INGRESS_FAIL_MODE: mode,
      INGRESS_FAIL_OPEN_UNTIL: FUTURE,
      SCHEDULER_FAIL_MODE: mode,
      SCHEDULER_FAIL_OPEN_UNTIL: FUTURE,
    },
  });
}

function kernelOf(system: TestSystem) {
  return everyInstance(system, 'policy-kernel');
}

function submit(system: TestSystem, body: object) {
  return system.api('agent', 'POST', '/api/v1/jobs', body);
}

async function accepted(system: TestSystem, body: object): Promise<string> {
  const answer = await submit(system, body);
  expect({ status: answer.status, code: answer.body.code }).toEqual({ status: 202 });
  return answer.body.job_id;
}

async function metric(system: TestSystem, name: string): Promise<number> {
  // The kernel that was taken away counts nothing.
  const read = async (url: string): Promise<string> => (await fetch(`${url}/metrics`)).text();
  const texts = await Promise.all(system.services.health_urls.map((url) => read(url).catch(() => '')));
  const lines = texts.join('\n').matchAll(new RegExp(`^countersign_${name}(?:\\{[^}]*\\})? (\\d+)`, 'gm'));
  return [...lines].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Fills desk-write, so that one more update and one approved refund wait for dispatch. */
async function queueForDispatch(system: TestSystem): Promise<{ allowed: string; approved: string }> {
  const approved = await accepted(system, LARGE);
  const ids: string[] = [];
  for (let i = 0; i <= ROOM; i += 1) ids.push(await accepted(system, { ...UPDATE, payload: { customer: `c-${i}` } }));
  const { approval_id, digest } = await waitForApproval(system, approved);
  await waitUntil('the pool is full', async () => {
    const [row] = await system.sql<{ sent: string }>(
      `SELECT count(*) AS sent FROM scheduler.attempts WHERE pool = 'desk-write' AND state = 'dispatched'`,
    );
    return Number(row!.sent) === ROOM;
  });
  await system.api('approver', 'POST', `/api/v1/approvals/${approval_id}/approve`, { digest });
  await waitForState(system, approved, 'cleared');
  const [waiting] = await system.sql<{ job_id: string }>(
    `SELECT job_id FROM scheduler.jobs WHERE state = 'cleared' AND job_id = ANY ($1)`,
    [ids],
  );
  return { allowed: waiting!.job_id, approved };
}

async function stateOf(system: TestSystem, job_id: string): Promise<string> {
  return (await system.api('auditor', 'GET', `/api/v1/jobs/${job_id}`)).body.state;
}

describe('closed', () => {
  let system: TestSystem;
  const cleanUp = new AsyncDisposableStack();
  beforeAll(async () => {
    system = cleanUp.use(await started('closed'));
  }, 120_000);
  afterAll(() => cleanUp.disposeAsync());

  it('at submit: 503 and nothing stored, also for what was allowed a moment ago; a kernel that hangs is no better', async () => {
    await accepted(system, READ);
    kernelOf(system).pause();
    try {
      expect(await submit(system, READ)).toMatchObject({ status: 503, body: { code: 'policy_unavailable' } });
    } finally {
      kernelOf(system).resume();
    }
    await kernelOf(system).kill();
    expect(await submit(system, READ)).toMatchObject({ status: 503, body: { code: 'policy_unavailable' } });
    expect(await metric(system, 'input_fail_open_total')).toBe(0);
    await kernelOf(system).start();
    await accepted(system, READ);
  });

  it('at dispatch: what waits keeps waiting, and goes when the kernel is back', async () => {
    const { allowed } = await queueForDispatch(system);
    await kernelOf(system).kill();
    const done: string[] = [];
    cleanUp.use(await startWorker(system, 'desk-write', ({ job_id }) => void done.push(job_id)));
    await waitUntil('what was sent has run', () => done.length >= ROOM);
    expect(await stateOf(system, allowed)).toBe('cleared');
    await kernelOf(system).start();
    expect((await waitForEnd(system, allowed)).state).toBe('succeeded');
    expect(await metric(system, 'dispatch_fail_open_total')).toBe(0);
  });
});

describe('open', () => {
  let system: TestSystem;
  const cleanUp = new AsyncDisposableStack();
  beforeAll(async () => {
    system = cleanUp.use(await started('open'));
  }, 120_000);
  afterAll(() => cleanUp.disposeAsync());

  it('at submit: what the same caller was allowed before passes, marked and counted; nothing else does', async () => {
    const asked = [READ, LARGE, { topic: 'job.exec.shell', prompt: 'rm -rf /' }];
    // Each ingress remembers for itself, and requests go to one after the other: an odd number of them reaches each.
    for (const _ of system.services.urls) for (const body of asked) await submit(system, body);
    await kernelOf(system).kill();
    const answers = await Promise.all(asked.map((body) => submit(system, body)));
    expect(answers.map(({ status }) => status)).toEqual([202, 503, 503]);
    const [admitted] = await entriesOf(system, answers[0]!.body.job_id);
    expect(admitted).toMatchObject({
      kind: 'job_admitted',
      body: { decisions: [{ fail_mode: 'open', cached: true }] },
    });
    expect(await metric(system, 'input_fail_open_total')).toBe(1);
    expect((await submit(system, { ...READ, prompt: 'another' })).status).toBe(503);
    expect((await system.api('admin', 'POST', '/api/v1/jobs', READ)).status).not.toBe(202);
  });

  it('a stop holds without the kernel, too', async () => {
    await setSwitch(system, 'no-demo', { kind: 'topic', target: 'job.demo.read' }, true);
    expect(await submit(system, READ)).toMatchObject({ status: 403, body: { reason: 'stopped by switch no-demo' } });
    await setSwitch(system, 'no-demo', { kind: 'topic', target: 'job.demo.read' }, false);
  });

  it('under another policy nothing of the old one passes', async () => {
    const [before] = await system.sql<{ epoch: string; scope: string }>('SELECT scope, epoch FROM control.policies');
    await system.sql('UPDATE control.policies SET epoch = epoch + 1000');
    expect(await submit(system, READ)).toMatchObject({ status: 503 });
    await system.sql('UPDATE control.policies SET epoch = $1 WHERE scope = $2', [before!.epoch, before!.scope]);
    await kernelOf(system).start();
    await accepted(system, READ);
  });

  it('at dispatch: an allowed job goes on under its decision, an approved one waits for the kernel', async () => {
    const { allowed, approved } = await queueForDispatch(system);
    await kernelOf(system).kill();
    cleanUp.use(await startWorker(system, 'desk-write', () => ({ ok: true })));
    expect((await waitForEnd(system, allowed)).state).toBe('succeeded');
    const dispatched = (await entriesOf(system, allowed)).find(({ kind }) => kind === 'job_dispatched')!;
    expect(dispatched.body.decision).toMatchObject({ gate: 'dispatch', fail_mode: 'open', cached: true });
    expect(await metric(system, 'dispatch_fail_open_total')).toBeGreaterThan(0);
    expect(await stateOf(system, approved)).toBe('cleared');
    await kernelOf(system).start();
    expect((await waitForEnd(system, approved)).state).toBe('succeeded');
    const after = (await entriesOf(system, approved)).find(({ kind }) => kind === 'job_dispatched')!;
    expect(readRecordedDecision(after.body.decision, after.body)).toMatchObject({ fail_mode: null });
  });

  it('needs an end, and ends by itself', async () => {
    const settings = { ...serviceSettings('ingress', system.prepared), INGRESS_FAIL_MODE: 'open' };
    await expect(start([ingress], settings)).rejects.toThrow(/FAIL_OPEN_UNTIL/);
    expect(isFailOpen({ FAIL_MODE: 'open', FAIL_OPEN_UNTIL: FUTURE })).toBe(true);
    expect(isFailOpen({ FAIL_MODE: 'open', FAIL_OPEN_UNTIL: '2020-01-01T00:00:00Z' })).toBe(false);
    expect(isFailOpen({ FAIL_MODE: 'closed', FAIL_OPEN_UNTIL: FUTURE })).toBe(false);
  });
});
