import { CountersignError } from '@countersign/contracts/errors';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DIGEST, decideByTopic, SNAPSHOT } from '../../cases/ingress/play-peers.ts';
import { AGENT, type RunningIngress, runIngress, TENANT } from './run-ingress.ts';

let ingress: RunningIngress;
beforeAll(async () => {
  ingress = await runIngress();
});
afterAll(() => ingress[Symbol.asyncDispose]());
afterEach(() => {
  ingress.peers.decide = decideByTopic;
  ingress.peers.beforeAdmit = () => {};
  ingress.peers.epoch = 0;
  ingress.peers.admitted.length = 0;
  ingress.peers.decided.length = 0;
});

describe('an accepted job', () => {
  test('is answered with the decision, flat, and with where to go on', async () => {
    const { status, body } = await ingress.post('/jobs', { topic: 'job.demo.read', prompt: 'status' });
    expect(status).toBe(202);
    const self = `/api/v1/jobs/${body.job_id}`;
    expect(body).toEqual({
      job_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      tenant: TENANT,
      state: 'cleared',
      decision: 'allow',
      rule_id: 'allow-reads',
      reason: 'reads are fine',
      policy_version: 7,
      policy_snapshot: SNAPSHOT,
      job_hash: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      effective_digest: DIGEST,
      remediation: null,
      links: {
        self,
        decisions: `${self}/decisions`,
        timeline: `${self}/timeline`,
        record: `${self}/record`,
        result: `${self}/result`,
        events: `${self}/events`,
        cancel: `${self}/cancel`,
      },
      waiting_for: null,
    });
  });

  test('reaches the kernel with the caller made from the credential, and the scheduler with that same answer', async () => {
    await ingress.post('/jobs', { topic: 'job.demo.read', payload: { replicas: 3 }, tenant: TENANT });
    const [item] = ingress.peers.admitted;
    expect(item?.actor).toMatchObject({ id: AGENT, type: 'agent', owner: 'olivia', auth_method: 'api_key' });
    expect(item?.request).toMatchObject({ tenant: TENANT, payload: { replicas: 3 }, labels: {} });
    expect(item?.answer.decisions[0]?.job_hash).toBe(item?.job_hash);
    expect(ingress.peers.decided.at(-1)).toMatchObject({ gate: 'submit', job_hash: item?.job_hash, salt: item?.salt });
  });

  test('that a human has to countersign says where the approval is', async () => {
    const { status, body } = await ingress.post('/jobs', { topic: 'job.deploy.apply' });
    expect(status).toBe(202);
    expect(body).toMatchObject({ state: 'held', decision: 'require_approval' });
    const url = '/console';
    expect(body.waiting_for).toEqual({ approval_id: null, groups: ['approvers'], expires_at: null, url });
    const read = () => ingress.get(`/jobs/${body.job_id}`);
    expect((await read()).body.waiting_for).toBeNull();
    ingress.peers.waiting = { approval_id: '01890000-0000-7000-8000-000000000000', groups: ['sre', 'leads'] };
    expect((await read()).body.waiting_for).toEqual({
      approval_id: '01890000-0000-7000-8000-000000000000',
      groups: ['sre', 'leads'],
      expires_at: expect.stringMatching(/^2026/),
      url: '/console/approvals/01890000-0000-7000-8000-000000000000',
    });
    ingress.peers.waiting = 'silent';
    expect(await read()).toMatchObject({ status: 200, body: { state: 'held', waiting_for: null } });
    ingress.peers.waiting = null;
    expect(body.links).toMatchObject({ approvals: `/api/v1/approvals?job_id=${body.job_id}` });
  });

  test('that was rewritten shows the decision that stands and the rewrite', async () => {
    const { body } = await ingress.post('/jobs', { topic: 'job.exec.fix' });
    expect(body).toMatchObject({ decision: 'allow', remediation: { id: 'read-only-shell', applied: true } });
  });

  test('carries the trace that its caller began', async () => {
    const trace = 'ab'.repeat(16);
    const { headers } = await ingress.post(
      '/jobs',
      { topic: 'job.demo.read' },
      {
        headers: { traceparent: `00-${trace}-${'cd'.repeat(8)}-01` },
      },
    );
    expect(headers.get('traceparent')).toContain(trace);
    expect(ingress.peers.admitted[0]?.traceparent).toContain(trace);
  });
});

test('a denial is a 403 that was recorded and can be looked up', async () => {
  const { status, body } = await ingress.post('/jobs', { topic: 'job.exec.shell', prompt: 'rm -rf /' });
  expect(status).toBe(403);
  expect(body).toMatchObject({
    code: 'denied',
    detail: 'no shells',
    decision: 'deny',
    rule_id: 'deny-exec',
    reason: 'no shells',
    policy_snapshot: SNAPSHOT,
    remediation: null,
    trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
    links: { decisions: `/api/v1/jobs/${body.job_id}/decisions`, explain: '/api/v1/policy/explain' },
  });
  expect(ingress.peers.jobs.has(body.job_id as string)).toBe(true);
  const { body: decisions } = await ingress.get(`/jobs/${body.job_id}/decisions`);
  expect(decisions).toMatchObject([{ gate: 'submit', decision: 'deny', job_hash: body.job_hash }]);
});

describe('the same request again', () => {
  const request = { topic: 'job.demo.read', payload: { a: 1, b: 2 } };

  test('under an Idempotency-Key gets the first answer, whatever the order of its fields', async () => {
    const headers = { 'idempotency-key': 'order-1' };
    const first = await ingress.post('/jobs', request, { headers });
    const again = await ingress.post('/jobs', '{"payload":{"b":2,"a":1},"topic":"job.demo.read"}', { headers });
    expect(again.status).toBe(202);
    expect(again.body.job_id).toBe(first.body.job_id);
    expect(again.body.job_hash).toBe(first.body.job_hash);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(ingress.peers.admitted).toMatchObject([{ idempotency_key: 'key:order-1' }]);
  });

  test('with another body is a conflict', async () => {
    const headers = { 'idempotency-key': 'order-2' };
    await ingress.post('/jobs', request, { headers });
    const other = await ingress.post('/jobs', { ...request, prompt: 'x' }, { headers });
    expect(other).toMatchObject({ status: 409, body: { code: 'idempotency_conflict' } });
  });

  test('under the same job_id behaves alike', async () => {
    const named = { ...request, job_id: 'mine-1' };
    expect((await ingress.post('/jobs', named)).body.job_id).toBe('mine-1');
    expect((await ingress.post('/jobs', named)).headers.get('idempotency-replayed')).toBe('true');
    expect(await ingress.post('/jobs', { ...named, prompt: 'x' })).toMatchObject({ status: 409 });
  });

  test("of another agent under that agent's same key is another job", async () => {
    const headers = { 'idempotency-key': 'order-3' };
    const mine = await ingress.post('/jobs', request, { headers });
    const theirs = await ingress.post('/jobs', request, { headers, key: ingress.keys.other_agent });
    expect(theirs.body.job_id).not.toBe(mine.body.job_id);
  });
});

describe('when the system is out of order', () => {
  const submit = () => ingress.post('/jobs', { topic: 'job.demo.read' });

  test('a policy that changed between decision and admission is asked again, under the new epoch', async () => {
    ingress.peers.epoch = 2;
    expect((await submit()).status).toBe(202);
    expect(ingress.peers.decided.map((item) => item.min_epoch)).toEqual([0, 1, 2]);
    expect(ingress.peers.admitted).toHaveLength(1);
  });

  test('one that keeps changing is an outage and admits nothing', async () => {
    ingress.peers.beforeAdmit = () => {
      throw new CountersignError('epoch_stale');
    };
    const { status, headers, body } = await submit();
    expect({ status, code: body.code }).toEqual({ status: 503, code: 'policy_unavailable' });
    expect(headers.get('retry-after')).toBe('1');
    expect(ingress.peers.decided).toHaveLength(3);
  });

  test('an answer that belongs to another question is none', async () => {
    ingress.peers.decide = (item) => decideByTopic({ ...item, job_hash: DIGEST });
    expect(await submit()).toMatchObject({ status: 503, body: { code: 'policy_unavailable' } });
    expect(ingress.peers.admitted).toHaveLength(0);
  });

  test('an answer that is nonsense is none', async () => {
    ingress.peers.decide = () => ({ decisions: [], rewritten: null, effective: null, reusable: null });
    expect(await submit()).toMatchObject({ status: 503, body: { code: 'policy_unavailable' } });
    expect(ingress.peers.admitted).toHaveLength(0);
  });

  test('one request that the kernel refuses leaves its neighbours alone', async () => {
    ingress.peers.decide = (item) => {
      if (item.request.topic === 'job.demo.bad')
        throw new CountersignError('schema_violated', 'no', { at: '/payload/n' });
      return decideByTopic(item);
    };
    const topics = ['job.demo.read', 'job.demo.bad', 'job.demo.read'];
    const outcomes = await Promise.all(topics.map((topic) => ingress.post('/jobs', { topic })));
    expect(outcomes.map(({ status }) => status)).toEqual([202, 400, 202]);
    expect(outcomes[1]?.body).toMatchObject({ code: 'schema_violated', at: '/payload/n' });
  });

  test('a scheduler that refuses is heard in its own code', async () => {
    ingress.peers.beforeAdmit = () => {
      throw new CountersignError('overloaded');
    };
    expect(await submit()).toMatchObject({ status: 503, body: { code: 'overloaded' } });
  });

  test('a bug of theirs is a 500 that says nothing', async () => {
    ingress.peers.beforeAdmit = () => {
      throw new TypeError('secret of the inside');
    };
    const { status, body } = await submit();
    expect(status).toBe(500);
    expect(JSON.stringify(body)).not.toContain('secret');
  });
});
