/**
 * Workers that die, repeat themselves, come late, steal, lie or do not listen: only the current attempt's result counts,
 * an attempt is lost with its lease, and no job gets more attempts than it may. Time passes here by moving the due times
 * of rows, because the database's clock is the only one that decides.
 */

import { waitUntil } from '@countersign/infra/wait-until';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { setSwitch } from '../harness/act-as-role.ts';
import { activateOverHttp, publishOverHttp, withPolicy } from '../harness/activate-policy.ts';
import { type Held, type PlayedWorker, playWorker } from '../harness/play-worker.ts';
import { entriesOf, kindsOf } from '../harness/read-evidence.ts';
import { startSystem, type TestSystem } from '../harness/start-system.ts';
import { waitForApproval, waitForEnd, waitForState } from '../harness/wait-for-job.ts';
import { checkSystem } from './check-system.ts';

let system: TestSystem;
let worker: PlayedWorker;
let stranger: PlayedWorker;
const cleanUp = new AsyncDisposableStack();
const accepted: { job_id: string }[] = [];

beforeAll(async () => {
  system = cleanUp.use(await startSystem());
  worker = cleanUp.use(await playWorker(system, 'desk-read'));
  stranger = cleanUp.use(await playWorker(system, 'demo-read'));
});
afterAll(() => cleanUp.disposeAsync());

async function submit(body: object): Promise<string> {
  const answer = await system.api('agent', 'POST', '/api/v1/jobs', body);
  expect(answer.status).toBe(202);
  accepted.push({ job_id: answer.body.job_id });
  return answer.body.job_id;
}

function submitRead(more: object = {}) {
  return submit({ topic: 'job.desk.read.ticket', ...more });
}

function cancel(job_id: string, body?: object) {
  return system.api('agent', 'POST', `/api/v1/jobs/${job_id}/cancel`, body);
}

async function outputOf(job_id: string) {
  return (await system.api('agent', 'GET', `/api/v1/jobs/${job_id}/result`)).body.output;
}

/** The lease is over, or the screening deadline, or the wait before an unclaimed warrant is sent again. */
function makeDue({ dispatch_id }: { dispatch_id: string }) {
  return system.sql('UPDATE scheduler.attempts SET due_at = clock_timestamp() WHERE dispatch_id = $1', [dispatch_id]);
}

function runOut({ dispatch_id }: Held) {
  return system.sql('UPDATE scheduler.attempts SET run_until = clock_timestamp() WHERE dispatch_id = $1', [
    dispatch_id,
  ]);
}

async function rejectionsOf(job_id: string) {
  return (await entriesOf(system, job_id))
    .filter(({ kind }) => kind === 'result_rejected')
    .map(({ body }) => body.code);
}

function waitForRejection(job_id: string, code: string) {
  return waitUntil(`a result of ${job_id} is refused: ${code}`, async () =>
    (await rejectionsOf(job_id)).includes(code),
  );
}

describe('only the current attempt counts', () => {
  test('a result sent three times is screened once; another one under its name changes nothing', async () => {
    const job_id = await submitRead();
    const held = await worker.hold(job_id);
    await Promise.all([1, 2, 3].map(() => worker.report(held, { n: 1 })));
    expect((await waitForEnd(system, job_id)).state).toBe('succeeded');
    await worker.report(held, { n: 2 });
    await waitForRejection(job_id, 'attempt_stale');
    expect((await kindsOf(system, job_id)).filter((kind) => kind === 'output_screened')).toHaveLength(1);
    expect(await outputOf(job_id)).toEqual({ n: 1 });
  });

  test('a result after its lease is refused and recorded, and the next attempt wins', async () => {
    const job_id = await submitRead();
    const first = await worker.hold(job_id);
    await makeDue(first);
    const second = await worker.hold(job_id);
    expect(second.attempt).toBe(2);
    expect(await worker.beat(first)).toMatchObject({ order: 'stop', reason: 'attempt_stale' });
    await worker.report(first, { from: 'the dead' });
    await waitForRejection(job_id, 'attempt_stale');
    await worker.report(second, { from: 'the living' });
    expect((await waitForEnd(system, job_id)).state).toBe('succeeded');
    expect(await outputOf(job_id)).toEqual({ from: 'the living' });
  });

  test('one claim wins; another pool, another claim and a beat of its own get nothing', async () => {
    const job_id = await submitRead();
    const { claims } = await worker.handleDelivery(job_id);
    expect(await stranger.claim(claims.jti)).toMatchObject({ outcome: 'lost', code: 'attempt_stale' });
    const ids = Array.from({ length: 10 }, () => crypto.randomUUID());
    const answers = await Promise.all(ids.map((claim_id) => worker.claim(claims.jti, claim_id)));
    const granted = answers.flatMap((answer, i) => (answer.outcome === 'granted' ? [ids[i]!] : []));
    expect(granted).toHaveLength(1);
    expect(answers.filter(({ outcome }) => outcome === 'lost')).toHaveLength(9);
    expect(await worker.claim(claims.jti, granted[0])).toMatchObject({ outcome: 'granted', attempt: 1 });
    const tenant = system.tenant;
    const held = {
      dispatch_id: claims.jti,
      claim_id: granted[0]!,
      tenant,
      job_id,
      attempt: 1,
      topic: 'job.desk.read.ticket',
    };
    expect(await worker.beat({ ...held, claim_id: ids.find((id) => id !== granted[0])! })).toMatchObject({
      order: 'stop',
      reason: 'claim_lost',
    });
    await worker.report(held, 'done');
    expect((await waitForEnd(system, job_id)).state).toBe('succeeded');
    expect((await kindsOf(system, job_id)).filter((kind) => kind === 'job_running')).toHaveLength(1);
  });

  test('a result of a wrong claim, signature or sender is evidence and nothing else', async () => {
    const job_id = await submitRead();
    const held = await worker.hold(job_id);
    const strangers_key = system.keys.worker_signing['demo-read/w1']!.private_pem;
    await worker.report(held, 'x', { result: { claim_id: crypto.randomUUID() } });
    await waitForRejection(job_id, 'claim_lost');
    await worker.report(held, 'x', { signing_pem: strangers_key });
    await waitForRejection(job_id, 'signature_invalid');
    await stranger.report(held, 'x');
    await waitUntil('all three are recorded', async () => (await rejectionsOf(job_id)).length === 3);
    await worker.report(held, 'mine');
    expect((await waitForEnd(system, job_id)).state).toBe('succeeded');
    expect(await outputOf(job_id)).toBe('mine');
  });
});

describe('attempts end', () => {
  test('a worker that dies each time: every attempt through the gate, then no more', async () => {
    const job_id = await submitRead();
    for (const attempt of [1, 2, 3]) {
      const held = await worker.hold(job_id);
      expect(held.attempt).toBe(attempt);
      await makeDue(held);
    }
    expect(await waitForEnd(system, job_id)).toMatchObject({
      state: 'failed',
      reason: 'outcome_unknown: lease ran out',
    });
    const entries = await entriesOf(system, job_id);
    const gates = entries.filter(({ kind }) => kind === 'job_dispatched').map(({ body }) => body.decision.gate);
    expect(gates).toEqual(['dispatch', 'dispatch', 'dispatch']);
    expect(entries.filter(({ kind }) => kind === 'attempt_lost')).toHaveLength(3);
  });

  test('a failure that is worth no other attempt gets none', async () => {
    const job_id = await submitRead();
    await worker.report(await worker.hold(job_id), { error: 'no' }, { result: { status: 'failed' } });
    expect((await waitForEnd(system, job_id)).state).toBe('failed');
    expect((await kindsOf(system, job_id)).filter((kind) => kind === 'job_dispatched')).toHaveLength(1);
  });

  test('a warrant that nobody claims burns no attempt and runs once when a worker comes', async () => {
    const job_id = await submit({ topic: 'job.desk.update.address', payload: { customer_id: 1 } });
    await waitForState(system, job_id, 'dispatched');
    for (let silence = 0; silence < 3; silence += 1) {
      await system.sql('UPDATE scheduler.attempts SET due_at = clock_timestamp() WHERE job_id = $1', [job_id]);
      await waitUntil('the warrant is sent again', async () => {
        const [row] = await system.sql<{ again: boolean }>(
          'SELECT due_at > clock_timestamp() AS again FROM scheduler.attempts WHERE job_id = $1',
          [job_id],
        );
        return row!.again;
      });
    }
    await using late = await playWorker(system, 'desk-write');
    const held = await late.hold(job_id);
    expect(held.attempt).toBe(1);
    await late.report(held, 'done');
    expect((await waitForEnd(system, job_id)).state).toBe('succeeded');
    const [row] = await system.sql('SELECT runs, attempt FROM scheduler.jobs WHERE job_id = $1', [job_id]);
    expect(row).toEqual({ runs: 1, attempt: 1 });
  });

  test('past its time it is told to stop, and ends timed_out whether it listens or not', async () => {
    const [listens, ignores] = [await submitRead(), await submitRead()];
    const [first, second] = [await worker.hold(listens), await worker.hold(ignores)];
    await Promise.all([runOut(first), runOut(second)]);
    expect(await worker.beat(first)).toMatchObject({ order: 'stop', reason: 'timeout' });
    await worker.report(first, null, { result: { status: 'stopped' } });
    expect((await waitForEnd(system, listens)).state).toBe('timed_out');
    await makeDue(second);
    expect((await waitForEnd(system, ignores)).state).toBe('timed_out');
    await worker.report(second, 'too late');
    await waitForRejection(ignores, 'attempt_stale');
  });
});

describe('cancel', () => {
  const refund = () => submit({ topic: 'job.desk.refund.order', payload: { customer_id: 7, amount_cents: 9_900 } });

  test('held: at once, and its approval is worth nothing any more', async () => {
    const job_id = await refund();
    const { approval_id, digest } = await waitForApproval(system, job_id);
    expect(await cancel(job_id)).toMatchObject({ status: 200, body: { state: 'cancelled' } });
    const vote = await system.api('approver', 'POST', `/api/v1/approvals/${approval_id}/approve`, { digest });
    expect(vote).toMatchObject({ status: 409, body: { code: 'approval_closed' } });
    await waitUntil('the approval is void', async () => (await kindsOf(system, job_id)).includes('approval_voided'));
  });

  test('cleared: at once, and it is never dispatched', async () => {
    const job_id = await refund();
    const { approval_id, digest } = await waitForApproval(system, job_id);
    await setSwitch(system, 'hold-desk-write', { kind: 'pool', target: 'desk-write' }, true);
    await system.api('approver', 'POST', `/api/v1/approvals/${approval_id}/approve`, { digest });
    await waitForState(system, job_id, 'cleared');
    expect(await cancel(job_id)).toMatchObject({ status: 200, body: { state: 'cancelled' } });
    await setSwitch(system, 'hold-desk-write', { kind: 'pool', target: 'desk-write' }, false);
    expect(await kindsOf(system, job_id)).not.toContain('job_dispatched');
  });

  test('dispatched: at once, and the warrant that is out there claims nothing', async () => {
    const job_id = await submitRead();
    const { claims, message } = await worker.handleDelivery(job_id);
    const asked = { reason: 'a mistake' };
    expect(await cancel(job_id, asked)).toMatchObject({
      status: 200,
      body: { state: 'cancelled', cancel_reason: asked.reason },
    });
    expect(await worker.claim(claims.jti)).toMatchObject({ outcome: 'lost' });
    message.ack();
    expect(await kindsOf(system, job_id)).not.toContain('job_running');
  });

  test('running: a request that ends with the stop of the worker', async () => {
    const job_id = await submitRead();
    const held = await worker.hold(job_id);
    const because = { cancel_requested: true, cancel_reason: 'the customer rang again' };
    expect(await cancel(job_id, { reason: because.cancel_reason })).toMatchObject({
      status: 200,
      body: { state: 'running', ...because },
    });
    expect(await worker.beat(held)).toMatchObject({ order: 'stop', reason: 'cancelled' });
    await worker.report(held, null, { result: { status: 'stopped' } });
    expect(await waitForEnd(system, job_id)).toMatchObject({ state: 'cancelled', ...because });
    expect((await cancel(job_id, { reason: 'again' })).body).toMatchObject({ state: 'cancelled', ...because });
    expect(JSON.stringify(await entriesOf(system, job_id))).not.toContain(because.cancel_reason);
  });

  test('running, and the worker does not listen: it gets no more time, and the lease ends the job', async () => {
    const job_id = await submitRead();
    const held = await worker.hold(job_id);
    /** So much of the lease is gone that a beat with a good answer renews it. */
    const wane = () =>
      system.sql(
        `UPDATE scheduler.attempts SET due_at = clock_timestamp() + interval '5 seconds' WHERE dispatch_id = $1
         RETURNING due_at`,
        [held.dispatch_id],
      );
    const dueAt = () => system.sql('SELECT due_at FROM scheduler.attempts WHERE dispatch_id = $1', [held.dispatch_id]);
    const waned = await wane();
    expect((await worker.beat(held)).order).toBe('continue');
    expect(await dueAt()).not.toEqual(waned);
    await cancel(job_id);
    const last = await wane();
    for (let beats = 0; beats < 3; beats += 1) expect((await worker.beat(held)).order).toBe('stop');
    expect(await dueAt()).toEqual(last);
    await makeDue(held);
    expect((await waitForEnd(system, job_id)).state).toBe('cancelled');
  });

  test('ended: the end stays as it is', async () => {
    const job_id = await submitRead();
    await worker.report(await worker.hold(job_id), 'done');
    await waitForEnd(system, job_id);
    expect(await cancel(job_id)).toMatchObject({ status: 409, body: { code: 'state_conflict' } });
    expect((await waitForEnd(system, job_id)).state).toBe('succeeded');
  });
});

describe('what follows a job', () => {
  let operator: string;
  beforeAll(async () => {
    // A second key of an approver: one person, who both asks and votes.
    const made = await system.api('admin', 'POST', '/api/v1/keys', { principal: 'alice', role: 'operator' });
    operator = made.body.key;
  });
  const asOperator = (method: string, path: string, body?: object) =>
    system.api('auditor', method, `/api/v1${path}`, body, { 'x-api-key': operator });
  const shown = async (job_id: string) => (await system.api('agent', 'GET', `/api/v1/jobs/${job_id}`)).body;

  async function fail(): Promise<string> {
    const job_id = await submitRead({ labels: { run: 'follow' } });
    await worker.report(await worker.hold(job_id), null, { result: { status: 'failed', retryable: false } });
    expect((await waitForEnd(system, job_id)).state).toBe('failed');
    return job_id;
  }

  test('what runs at most once is not tried again, and nobody says that it was not done', async () => {
    const facts = 'job.desk.read.*: { capability: desk.read }';
    const once = withPolicy((policy) => policy.replace(facts, facts.replace(' }', ', runs: at_most_once }')));
    await publishOverHttp(system, once, 9_001);
    await activateOverHttp(system, 9_001);
    const job_id = await submitRead();
    await makeDue(await worker.hold(job_id));
    expect(await waitForEnd(system, job_id)).toMatchObject({
      state: 'failed',
      reason: 'outcome_unknown: lease ran out',
      attempt: 1,
    });
    const ended = (await entriesOf(system, job_id)).find(({ kind }) => kind === 'job_failed');
    expect(ended?.body).toMatchObject({ code: 'outcome_unknown', worker: 'w1' });
    const letter = (await asOperator('GET', `/dead-letters/${job_id}`)).body;
    expect(letter).toMatchObject({ code: 'outcome_unknown', attempts: [{ attempt: 1, state: 'lost', status: null }] });
  });

  test('a dead letter is retried once, as a job of its own in its agent’s name, or discarded with a reason', async () => {
    const [first, second] = [await fail(), await fail()];
    const listed = (await asOperator('GET', '/dead-letters?limit=2')).body.dead_letters;
    expect(listed).toMatchObject([
      { job_id: second, settled: null },
      { job_id: first, state: 'failed', runs: 1 },
    ]);
    expect((await system.api('agent', 'GET', '/api/v1/dead-letters')).status).toBe(403);
    expect((await system.api('agent', 'POST', `/api/v1/dead-letters/${first}/retry`)).status).toBe(403);
    const both = await Promise.all([1, 2].map(() => asOperator('POST', `/dead-letters/${first}/retry`)));
    expect(both.map(({ status }) => status).sort()).toEqual([202, 409]);
    const again = both.find(({ status }) => status === 202)!.body.job_id;
    accepted.push({ job_id: again });
    await worker.report(await worker.hold(again), 'done');
    expect(await waitForEnd(system, again)).toMatchObject({ state: 'succeeded', actor: 'desk-agent' });
    expect(await shown(first)).toMatchObject({ followed_by: [{ kind: 'retries', job_id: again, asked_by: 'alice' }] });
    expect(await shown(again)).toMatchObject({ follows: { kind: 'retries', job_id: first, asked_by: 'alice' } });
    expect(await kindsOf(system, first)).toContain('job_followed');
    const admitted = (await entriesOf(system, again)).find(({ kind }) => kind === 'job_admitted');
    expect(admitted?.body).toMatchObject({ follows: { kind: 'retries', job_id: first }, on_behalf_of: 'alice' });

    expect((await asOperator('POST', `/dead-letters/${second}/discard`, {})).status).toBe(400);
    const discarded = await asOperator('POST', `/dead-letters/${second}/discard`, { reason: 'a test of the till' });
    expect(discarded).toMatchObject({ status: 200, body: { settled: 'discarded', settled_by: 'alice' } });
    expect((await asOperator('POST', `/dead-letters/${second}/retry`)).status).toBe(409);
    expect(await kindsOf(system, second)).toContain('dead_letter_discarded');
    const open = (await asOperator('GET', '/dead-letters')).body.dead_letters.map((each: any) => each.job_id);
    expect(open).not.toContain(first);
    expect(open).not.toContain(second);
  });

  test('an offer is taken once, by the requester, and says what it remediates', async () => {
    const asked = { topic: 'job.exec.shell', prompt: 'rm -rf /tmp/cache' };
    const { status, body } = await system.api('agent', 'POST', '/api/v1/jobs', asked);
    expect(status).toBe(403);
    const denied = body.job_id;
    expect(await shown(denied)).toMatchObject({ offers: [{ offer_id: 'inspect-instead', taken_as: null }] });
    const take = (offer?: string, request: object | null = asked) =>
      system.api('agent', 'POST', `/api/v1/jobs/${denied}/remediate`, {
        ...(offer !== undefined && { offer_id: offer }),
        ...(request !== null && { request }),
      });
    expect((await take('another')).status).toBe(404);
    for (const wrong of [null, { ...asked, prompt: 'rm -rf /' }])
      expect(await take(undefined, wrong)).toMatchObject({
        status: 400,
        body: { code: 'field_invalid', at: '/request' },
      });
    expect((await system.api('approver', 'POST', `/api/v1/jobs/${denied}/remediate`)).status).toBe(403);
    const both = await Promise.all([take(), take('inspect-instead')]);
    expect(both.map((each) => each.status).sort()).toEqual([202, 409]);
    const taken = both.find((each) => each.status === 202)!.body;
    expect(taken).toMatchObject({ rule_id: 'allow-inspect' });
    expect(await shown(denied)).toMatchObject({ offers: [{ taken_as: taken.job_id }] });
    expect(await shown(taken.job_id)).toMatchObject({
      topic: 'job.exec.inspect',
      follows: { kind: 'remediates', job_id: denied, asked_by: 'desk-agent' },
    });
    await cancel(taken.job_id);
    const other = await submitRead();
    expect((await system.api('agent', 'POST', `/api/v1/jobs/${other}/remediate`)).status).toBe(409);
    await cancel(other);
  });

  test('a compensation goes through all gates, once unless it fails, and never past whoever asked for it', async () => {
    const back = { topic: 'job.desk.refund.order', payload: { customer_id: 7, amount_cents: 9_900 } };
    const job_id = await submitRead({ compensation: back });
    const compensate = () => asOperator('POST', `/jobs/${job_id}/compensate`);
    expect((await compensate()).status).toBe(409);
    await worker.report(await worker.hold(job_id), 'done');
    await waitForEnd(system, job_id);
    const both = await Promise.all([compensate(), compensate()]);
    expect(both.map(({ status }) => status).sort()).toEqual([202, 409]);
    const undone = both.find(({ status }) => status === 202)!.body.job_id;
    accepted.push({ job_id: undone });
    const { approval_id, digest } = await waitForApproval(system, undone);
    const vote = (who: 'approver' | 'approver2', say: 'approve' | 'reject') =>
      system.api(who, 'POST', `/api/v1/approvals/${approval_id}/${say}`, { digest });
    // Alice asked for it with her other key.
    expect((await vote('approver', 'approve')).status).toBe(403);
    expect((await vote('approver2', 'reject')).status).toBe(200);
    expect((await waitForEnd(system, undone)).state).toBe('refused');
    const again = await compensate();
    expect(again.status).toBe(202);
    accepted.push({ job_id: again.body.job_id });
    await system.api('agent', 'POST', `/api/v1/jobs/${again.body.job_id}/cancel`);
    expect((await shown(job_id)).followed_by.map((each: any) => each.job_id)).toEqual([undone, again.body.job_id]);
    const none = await fail();
    expect((await asOperator('POST', `/jobs/${none}/compensate`)).status).toBe(409);
  });
});

test('nothing of all this contradicts the evidence', async () => {
  expect(await checkSystem(system, accepted, [])).toEqual([]);
});
