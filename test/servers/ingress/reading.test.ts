import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningIngress, runIngress, TENANT } from './run-ingress.ts';

let ingress: RunningIngress;
let job_id: string;
beforeAll(async () => {
  ingress = await runIngress();
  job_id = (await ingress.post('/jobs', { topic: 'job.demo.read' })).body.job_id as string;
});
afterAll(() => ingress[Symbol.asyncDispose]());

const EVIDENCE = ['', '/decisions', '/timeline', '/events'];

async function abandon(path: string, key: string): Promise<number> {
  const left = new AbortController();
  const { status } = await fetch(`${ingress.url}/api/v1${path}`, {
    headers: { 'x-api-key': key },
    signal: left.signal,
  });
  left.abort();
  return status;
}

describe('who sees a job', () => {
  test.each(EVIDENCE)('its agent sees its own%s', async (path) => {
    expect(await abandon(`/jobs/${job_id}${path}`, ingress.keys.agent)).toBe(200);
  });

  test.each([...EVIDENCE, '/result', '/record'])('to another agent of the tenant it does not exist%s', async (path) => {
    const reply = await ingress.get(`/jobs/${job_id}${path}`, { key: ingress.keys.other_agent });
    expect(reply).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  test.each([...EVIDENCE, '/result', '/record'])('nor to one of another tenant%s', async (path) => {
    const reply = await ingress.get(`/jobs/${job_id}${path}`, {
      key: ingress.keys.stranger,
      headers: { 'x-tenant-id': 'other' },
    });
    expect(reply).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  test.each(EVIDENCE)('the auditor sees all of the tenant%s', async (path) => {
    expect(await abandon(`/jobs/${job_id}${path}`, ingress.keys.auditor)).toBe(200);
  });

  test('an approver sees its evidence and not its result', async () => {
    expect((await ingress.get(`/jobs/${job_id}`, { key: ingress.keys.approver })).status).toBe(200);
    const result = await ingress.get(`/jobs/${job_id}/result`, { key: ingress.keys.approver });
    expect(result).toMatchObject({ status: 403, body: { code: 'permission_missing' } });
  });

  test('a result that is not released is not ready, and its agent hears so', async () => {
    expect(await ingress.get(`/jobs/${job_id}/result`)).toMatchObject({
      status: 409,
      body: { code: 'result_not_ready' },
    });
  });

  test('a listing holds own jobs alone, or all of the tenant', async () => {
    await ingress.post('/jobs', { topic: 'job.deploy.apply' }, { key: ingress.keys.other_agent });
    const count = async (key: string, query = '') =>
      ((await ingress.get(`/jobs${query}`, { key })).body.jobs as unknown[]).length;
    expect(await count(ingress.keys.agent)).toBe(1);
    expect(await count(ingress.keys.other_agent)).toBe(1);
    expect(await count(ingress.keys.auditor)).toBe(2);
    expect(await count(ingress.keys.auditor, '?state=held&limit=5')).toBe(1);
  });
});

describe('cancelling', () => {
  test('is for its agent and for who may cancel all; a reason may be given', async () => {
    const cancel = (key: string, body: unknown) => ingress.post(`/jobs/${job_id}/cancel`, body, { key });
    expect(await cancel(ingress.keys.other_agent, {})).toMatchObject({ status: 404 });
    expect(await cancel(ingress.keys.auditor, {})).toMatchObject({ status: 403 });
    expect(await cancel(ingress.keys.admin, { reason: 'wrong ticket' })).toMatchObject({
      status: 200,
      body: { state: 'cancelled', cancel_reason: 'wrong ticket' },
    });
    expect(await cancel(ingress.keys.agent, { why: 'x' })).toMatchObject({ status: 400, body: { at: '/why' } });
  });

  test('needs no body and no content type', async () => {
    const response = await fetch(`${ingress.url}/api/v1/jobs/${job_id}/cancel`, {
      method: 'POST',
      headers: { 'x-api-key': ingress.keys.agent },
    });
    expect(response.status).toBe(200);
  });
});

describe('asking the policy', () => {
  const runbook = {
    job_id: 'sim-prod-write-1',
    topic: 'job.deploy.apply',
    tenant: TENANT,
    labels: { env: 'prod' },
    meta: { capability: 'infra.write', risk_tags: ['change'] },
  };

  test('simulates flat, says what it skipped, and stores nothing', async () => {
    const before = ingress.peers.jobs.size;
    const { status, body } = await ingress.post('/policy/simulate', runbook);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      decision: 'require_approval',
      rule_id: 'prod-write',
      skipped: ['schema'],
      policy_version: 7,
    });
    expect(body).not.toHaveProperty('then');
    expect(ingress.peers.jobs.size).toBe(before);
  });

  test('shows what follows a rewrite', async () => {
    const { body } = await ingress.post('/policy/simulate', { topic: 'job.exec.fix', payload: {} });
    expect(body).toMatchObject({ decision: 'remediate', skipped: [] });
    expect(body.then).toMatchObject([{ decision: 'allow' }]);
  });

  test('explains in steps', async () => {
    const { body } = await ingress.post('/policy/explain', runbook);
    expect(body).toMatchObject({ decision: 'require_approval', steps: [{ step: 'rules' }], text: 'because' });
  });

  test('that does not answer is an outage in its own words', async () => {
    const { status, headers, body } = await ingress.get('/policy');
    expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'policy_unavailable', '1']);
  });
});

describe('metrics', () => {
  test('count requests by route and not by path, and show what never happened at 0', async () => {
    const text = await (await fetch(`${ingress.health_url}/metrics`)).text();
    expect(text).toMatch(/countersign_input_fail_open_total\{service="ingress"\} 0/);
    expect(text).toMatch(
      /http_requests_total\{route="GET \/api\/v1\/jobs\/:job_id",status="200",service="ingress"\} \d/,
    );
    expect(text).not.toContain(job_id);
  });
});
