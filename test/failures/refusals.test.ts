/**
 * Warrants that a worker refuses and results that nobody can read: neither ends a job that another worker would run, runs
 * it twice, or leaves it without a reason.
 */
import { LIMITS } from '@countersign/contracts/limits';
import { subjects } from '@countersign/contracts/subjects';
import { canonicalize, type JsonValue } from '@countersign/ledger/canonical-json';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { knockAsAgent } from '../harness/knock-as-agent.ts';
import { playWorker } from '../harness/play-worker.ts';
import { entriesOf, kindsOf } from '../harness/read-evidence.ts';
import { startSystem, type TestSystem } from '../harness/start-system.ts';
import { startWorker } from '../harness/start-worker.ts';
import { waitForApproval, waitForEnd } from '../harness/wait-for-job.ts';
import { checkSystem, type SideEffect } from './check-system.ts';

let system: TestSystem;
const cleanUp = new AsyncDisposableStack();
const effects: SideEffect[] = [];
const accepted: { job_id: string }[] = [];
beforeAll(async () => {
  system = cleanUp.use(await startSystem());
});
afterAll(() => cleanUp.disposeAsync());

async function submit(body: object): Promise<string> {
  const answer = await system.api('agent', 'POST', '/api/v1/jobs', body);
  expect(answer.status).toBe(202);
  accepted.push({ job_id: answer.body.job_id });
  return answer.body.job_id;
}

function submitRead() {
  return submit({ topic: 'job.desk.read.ticket' });
}

async function refusalsOf(job_id: string) {
  return (await entriesOf(system, job_id)).filter(({ kind }) => kind === 'attempt_refused').map(({ body }) => body);
}

function attemptsOf(job_id: string) {
  return system.sql('SELECT attempt, refusals, state FROM scheduler.attempts WHERE job_id = $1 ORDER BY attempt', [
    job_id,
  ]);
}

/** A worker that logs what it does, with any options. */
function run(pool: string, changes = {}) {
  return startWorker(
    system,
    pool,
    ({ job_id, dispatch_id }) => {
      effects.push({ job_id, dispatch_id });
      return { done: true };
    },
    1,
    changes,
  );
}

describe('a warrant that one worker refuses', () => {
  test('is run by the one beside it, under the same approval for one attempt', async () => {
    const job_id = await submit({
      topic: 'job.desk.refund.order',
      payload: { customer_id: 1, amount_cents: 9_900, reason: 'late' },
    });
    const { approval_id, digest } = await waitForApproval(system, job_id);
    await system.api('approver', 'POST', `/api/v1/approvals/${approval_id}/approve`, { digest });
    {
      await using refuser = await playWorker(system, 'desk-write');
      const { claims, message } = await refuser.handleDelivery(job_id);
      expect(await refuser.refuse(claims.jti, 'warrant_signature')).toMatchObject({ outcome: 'wait' });
      message.nak(1);
    }
    await using _right = await run('desk-write');
    expect(await waitForEnd(system, job_id, 40_000)).toMatchObject({ state: 'succeeded' });
    const refusal = { code: 'warrant_signature', worker: 'w1', pool: 'desk-write', state: 'dispatched', attempt: 1 };
    expect((await refusalsOf(job_id))[0]).toMatchObject({ ...refusal, refusals: 1 });
    expect((await kindsOf(system, job_id)).filter((kind) => kind === 'job_dispatched')).toHaveLength(1);
    expect(effects.filter((effect) => effect.job_id === job_id)).toHaveLength(1);
    const [approval] = await system.sql('SELECT redemptions FROM approval.approvals WHERE job_id = $1', [job_id]);
    expect(approval).toEqual({ redemptions: 1 });
  });

  test('is offered so often and no more: then the job fails and says why', async () => {
    await using worker = await playWorker(system, 'desk-read');
    const job_id = await submitRead();
    const { claims, message } = await worker.handleDelivery(job_id);
    const waits: number[] = [];
    for (let refusals = 1; refusals < LIMITS.warrant_offers; refusals += 1) {
      const claim_id = crypto.randomUUID();
      const answer = await worker.refuse(claims.jti, 'warrant_time', claim_id);
      expect(answer).toMatchObject({ outcome: 'wait' });
      // The same refusal again counts once.
      expect(await worker.refuse(claims.jti, 'warrant_time', claim_id)).toEqual(answer);
      expect(await attemptsOf(job_id)).toEqual([{ attempt: 1, refusals, state: 'dispatched' }]);
      waits.push((answer as { retry_ms: number }).retry_ms);
    }
    expect(waits).toEqual(waits.map((_, i) => waits[0]! * 2 ** i));
    expect(await worker.refuse(claims.jti, 'warrant_time')).toMatchObject({ outcome: 'lost', code: 'warrant_invalid' });
    message.ack();
    expect(await waitForEnd(system, job_id)).toMatchObject({
      state: 'failed',
      reason: 'warrant refused: warrant_time',
    });
    expect((await refusalsOf(job_id)).map(({ refusals }) => refusals)).toEqual([1, 2, 3, 4, 5]);
    expect(await worker.claim(claims.jti)).toMatchObject({ outcome: 'lost' });
  });

  test('is still there for whoever claims it, and a reason that nobody knows is one', async () => {
    await using worker = await playWorker(system, 'desk-read');
    await using stranger = await playWorker(system, 'demo-read');
    const job_id = await submitRead();
    const { claims, message, topic } = await worker.handleDelivery(job_id);
    expect(await stranger.refuse(claims.jti, 'warrant_time')).toMatchObject({ outcome: 'lost', code: 'attempt_stale' });
    expect(await worker.refuse(claims.jti, 'out_of_fashion')).toMatchObject({ outcome: 'wait' });
    expect(await refusalsOf(job_id)).toMatchObject([{ code: 'other' }]);
    const claim_id = crypto.randomUUID();
    expect(await worker.claim(claims.jti, claim_id)).toMatchObject({ outcome: 'granted', attempt: 1 });
    expect(await worker.refuse(claims.jti, 'warrant_time')).toMatchObject({ outcome: 'lost', code: 'claim_lost' });
    message.ack();
    const { tenant } = system;
    await worker.report({ dispatch_id: claims.jti, claim_id, tenant, job_id, attempt: 1, topic }, 'done');
    expect((await waitForEnd(system, job_id)).state).toBe('succeeded');
  });
});

describe('a result that nobody can read', () => {
  test('fails its job at once, with evidence, and nothing runs again', async () => {
    await using worker = await playWorker(system, 'desk-read');
    const job_id = await submitRead();
    const held = await worker.hold(job_id);
    const answer = await worker.report(held, null, { raw: '{"output":"a\\u0000b"}' });
    expect(answer).toMatchObject({ outcome: 'settled', code: 'json_nul', dispatch_id: held.dispatch_id });
    const reason = 'the result could not be read';
    expect(await waitForEnd(system, job_id)).toMatchObject({ state: 'failed', reason });
    const entries = await entriesOf(system, job_id);
    const screened = entries.find(({ kind }) => kind === 'output_screened')!;
    expect(screened.body).toMatchObject({ output_decision: 'quarantine', reason: `${reason}: json_nul`, worker: 'w1' });
    expect(entries.filter(({ kind }) => kind === 'job_dispatched')).toHaveLength(1);
    const result = await system.api('agent', 'GET', `/api/v1/jobs/${job_id}/result`);
    expect(result).toMatchObject({ status: 403, body: { code: 'result_quarantined' } });
  });

  test('is not what a worker sends whose handler throws U+0000: the job fails once, with what was thrown', async () => {
    let runs = 0;
    await using _ = await startWorker(system, 'desk-read', ({ job_id, dispatch_id }) => {
      runs += 1;
      effects.push({ job_id, dispatch_id });
      throw Object.assign(new Error('row \0 is gone'), { code: 'E\0' });
    });
    const job_id = await submitRead();
    const reason = 'the worker reported a failure';
    expect(await waitForEnd(system, job_id)).toMatchObject({ state: 'failed', reason });
    const { body } = await system.api('agent', 'GET', `/api/v1/jobs/${job_id}/result`);
    expect(body.output).toEqual({ error: { code: 'E\ufffd', detail: 'row \ufffd is gone' } });
    expect(runs).toBe(1);
  });
});

test('a payload with a key __proto__ runs as it was sent, through both doors, and so does its like come back', async () => {
  const payload = JSON.parse('{"__proto__":{"admin":true},"constructor":1,"a":[{"__proto__":2}]}') as JsonValue;
  await using _ = await startWorker(system, 'desk-read', ({ job_id, dispatch_id, payload: given }) => {
    effects.push({ job_id, dispatch_id });
    return { given, admin: (given as { admin?: unknown }).admin ?? null };
  });
  await using agent = await knockAsAgent(system);
  const request = { topic: 'job.desk.read.ticket', payload };
  const knocked = await agent.ask(agent.seal(subjects.rpcSubmit(system.tenant), request));
  if (!knocked.ok) throw new Error(knocked.error.code);
  accepted.push({ job_id: knocked.value.job_id });
  for (const job_id of [await submit(request), knocked.value.job_id]) {
    expect((await waitForEnd(system, job_id)).state).toBe('succeeded');
    const { body } = await system.api('agent', 'GET', `/api/v1/jobs/${job_id}/result`);
    expect(canonicalize(body.output)).toBe(canonicalize({ admin: null, given: payload }));
  }
});

test('nothing of all this contradicts the evidence', async () => {
  expect(await checkSystem(system, accepted, effects)).toEqual([]);
});
