/** The operator's runbook and the table of bad input against the whole system, not against played services. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { readEvents } from '@countersign/client/read-events';
import { waitUntil } from '@countersign/infra/wait-until';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { editPolicy } from '../../harness/edit-policy.ts';
import { startSystem, type TestSystem } from '../../harness/start-system.ts';
import { startWorker } from '../../harness/start-worker.ts';
import { waitForEnd } from '../../harness/wait-for-job.ts';
import { BAD_BODIES } from '../../servers/ingress/bad-bodies.ts';
import { acsCases } from './acs-cases.ts';
import { crossingCases } from './crossing-cases.ts';
import { mcpCases } from './mcp-cases.ts';
import { mcpConformanceCases } from './mcp-conformance-cases.ts';
import { mcpKillCases } from './mcp-kill-cases.ts';
import { mcpServeCases, SERVED_POOLS, SERVED_RULES } from './mcp-serve-cases.ts';
import { RUN_RULES, runCases } from './run-cases.ts';
import { workerDoorCases } from './worker-door-cases.ts';

let system: TestSystem;
/** What a job with the prompt `gated` waits for. */
const gate = Promise.withResolvers<void>();
const cleanUp = new AsyncDisposableStack();
beforeAll(async () => {
  const bundle_dir = editPolicy(...SERVED_RULES, ...RUN_RULES);
  appendFileSync(join(bundle_dir, 'pools.yaml'), SERVED_POOLS);
  system = cleanUp.use(await startSystem({ bundle_dir }));
  const leak = { config: `aws_access_key_id = AKIA${'IOSFODNN7EXAMPLQ'}` };
  cleanUp.use(
    await startWorker(system, 'demo-read', async (job) => {
      if (job.labels.gated) await gate.promise;
      return job.prompt === 'leak' ? leak : { done: true };
    }),
  );
});
afterAll(() => cleanUp.disposeAsync());

function submit(body: unknown) {
  return system.api('agent', 'POST', '/api/v1/jobs', body);
}

mcpCases(() => system);
mcpServeCases(() => system);
mcpKillCases(() => system);
mcpConformanceCases(() => system);
acsCases(() => system);
runCases(() => system);
workerDoorCases(() => system);
crossingCases(() => system);

describe('the runbook', () => {
  test('simulates the production write of the guide', async () => {
    const { status, body } = await system.api('agent', 'POST', '/api/v1/policy/simulate', {
      job_id: 'sim-prod-write-1',
      topic: 'job.deploy.apply',
      tenant: 'default',
      labels: { env: 'prod' },
      meta: { capability: 'infra.write', risk_tags: ['change'] },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      decision: 'require_approval',
      rule_id: expect.any(String),
      reason: expect.any(String),
      policy_snapshot: expect.stringMatching(/^sha256:/),
      skipped: ['schema'],
    });
  });

  test('runs the read job and finds the denied one on record', async () => {
    const allowed = await submit({ topic: 'job.demo.read', prompt: 'status' });
    expect((await waitForEnd(system, allowed.body.job_id)).state).toBe('succeeded');
    const denied = await submit({ topic: 'job.exec.shell', prompt: 'rm -rf /' });
    expect(denied).toMatchObject({
      status: 403,
      body: { code: 'denied', links: { explain: '/api/v1/policy/explain' } },
    });
    for (const { body } of [allowed, denied]) {
      const { body: decisions } = await system.api('agent', 'GET', `/api/v1/jobs/${body.job_id}/decisions`);
      const gated = decisions.filter(({ gate }: { gate: string }) => gate !== 'output');
      expect(gated[0]).toMatchObject({ rule_id: expect.any(String), decided_at: expect.any(String) });
      expect(decisions.at(-1)).toMatchObject({ gate: 'submit', job_hash: body.job_hash });
    }
  });

  test('a submission may wait for its job to end, and is answered with the released result', async () => {
    const wait = (query: string, body: object) => system.api('agent', 'POST', `/api/v1/jobs${query}`, body);
    const ended = await wait('?wait=20', { job_id: 'waits-1', topic: 'job.demo.read', prompt: 'status' });
    expect(ended).toMatchObject({
      status: 200,
      body: { job_id: 'waits-1', state: 'succeeded', job: { state: 'succeeded' }, result: { output: { done: true } } },
    });
    const again = await wait('?wait=20', { job_id: 'waits-1', topic: 'job.demo.read', prompt: 'status' });
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([200, 'true']);
    expect(again.body.result).toEqual(ended.body.result);
    expect((await wait('?wait=0', { topic: 'job.demo.read' })).status).toBe(202);
    const looks = await wait('?wait=0', { job_id: 'waits-1', topic: 'job.demo.read', prompt: 'status' });
    expect([looks.status, looks.body.result]).toEqual([200, ended.body.result]);
    const write = {
      topic: 'job.deploy.apply',
      labels: { env: 'prod' },
      payload: { service: 'shop', version: '1.2.3' },
    };
    const held = await wait('?wait=1', write);
    expect([held.status, held.body.state]).toEqual([202, 'held']);
    expect((await wait('?wait=20', { topic: 'job.exec.shell' })).body.code).toBe('denied');
    for (const bad of ['21', '-1', '1.5', 'x'])
      expect((await wait(`?wait=${bad}`, { topic: 'job.demo.read' })).body.code).toBe('query_invalid');
  });

  test('and is answered before the evidence of the end is published, whoever ends it', async () => {
    await using sealing = new AsyncDisposableStack();
    const client = sealing.adopt(new pg.Client(system.admin_url), (each) => each.end());
    await client.connect();
    // Nobody seals without this lock, and what is not sealed is not published.
    await client.query('SELECT pg_advisory_lock(1279607880, 0)');
    const waits = (job_id: string, body: object) =>
      system.api('agent', 'POST', '/api/v1/jobs?wait=20', { job_id, topic: 'job.demo.read', ...body });
    // At the end of a wait a job is looked at in any case; this one began first.
    const held = { topic: 'job.deploy.apply', labels: { env: 'prod' }, payload: { service: 'shop', version: '1.2.3' } };
    const waitIsOver = waits('unpublished-held', held);
    const prompts = ['status', 'leak'];
    const ended = prompts.map((prompt) => waits(`unpublished-${prompt}`, { labels: { gated: 'yes' }, prompt }));
    const stateOf = async (prompt: string) =>
      (await system.api('auditor', 'GET', `/api/v1/jobs/unpublished-${prompt}`)).body.state;
    for (const [prompt, state] of [['held', 'held'], ...prompts.map((each) => [each, 'running'] as const)] as const)
      await waitUntil(`${prompt} is ${state}`, async () => (await stateOf(prompt)) === state);
    gate.resolve();
    expect(await Promise.race([Promise.all(ended), waitIsOver])).toMatchObject([
      { status: 200, body: { result: { output: { done: true } } } },
      { status: 200, body: { state: 'quarantined', result: null } },
    ]);
    await system.api('agent', 'POST', '/api/v1/jobs/unpublished-held/cancel');
    expect(await waitIsOver).toMatchObject({ status: 200, body: { state: 'cancelled' } });
  });

  test('a GET that follows a 202 never finds nothing', async () => {
    for (let i = 0; i < 20; i += 1) {
      const { body } = await submit({ topic: 'job.demo.read' });
      const paths = ['', '/decisions', '/timeline', '/record'].map((part) => `/api/v1/jobs/${body.job_id}${part}`);
      const answers = await Promise.all(paths.map((path) => system.api('agent', 'GET', path)));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    }
  });

  test('follows a job by its events to the end, in order and without a gap', async () => {
    const { body } = await submit({ topic: 'job.demo.read' });
    const response = await fetch(`${system.url}/api/v1/jobs/${body.job_id}/events`, {
      headers: { 'x-api-key': system.keys.api_keys.agent },
    });
    const kinds: string[] = [];
    for await (const entry of readEvents(response.body!)) kinds.push(`${entry.seq} ${entry.kind}`);
    const { body: timeline } = await system.api('agent', 'GET', `/api/v1/jobs/${body.job_id}/timeline`);
    expect(kinds).toEqual(timeline.map((entry: { seq: number; kind: string }) => `${entry.seq} ${entry.kind}`));
    expect(kinds.at(-1)).toMatch(/job_succeeded$/);
  });
});

describe('bad input', () => {
  const stored = async (): Promise<unknown> => {
    const [counts] = await system.sql(
      `SELECT (SELECT count(*) FROM scheduler.jobs) AS jobs, (SELECT count(*) FROM scheduler.contexts) AS contexts,
         (SELECT count(*) FROM ledger.entries) AS entries`,
    );
    return counts;
  };

  test('leaves no trace in Postgres, so there is nothing to publish', async () => {
    const { body } = await submit({ topic: 'job.demo.read' });
    await waitForEnd(system, body.job_id);
    const before = await stored();
    for (const [name, bad, code] of BAD_BODIES) {
      const reply = await submit(bad);
      expect([name, reply.status, reply.body.code]).toEqual([name, 400, code]);
    }
    const huge = await submit({ topic: 'job.demo.read', payload: { x: 'x'.repeat(2 * 1024 * 1024) } });
    expect([huge.status, huge.body.code]).toEqual([413, 'json_too_large']);
    expect(await stored()).toEqual(before);
  });

  test('what is as large as it may be still goes all the way', async () => {
    const text = 'a ticket like any other, only longer. '.repeat(13_000);
    const { status, body } = await submit({ topic: 'job.demo.read', payload: { text } });
    expect(status).toBe(202);
    expect((await waitForEnd(system, body.job_id)).state).toBe('succeeded');
  });

  test('the same request again is the first answer, another under its name a conflict', async () => {
    const named = { job_id: 'once-1', topic: 'job.demo.read', payload: { a: 1 } };
    const first = await submit(named);
    const again = await submit(named);
    expect([first.status, again.status, again.headers.get('idempotency-replayed')]).toEqual([202, 202, 'true']);
    expect(again.body.job_hash).toBe(first.body.job_hash);
    expect(await submit({ ...named, payload: { a: 2 } })).toMatchObject({
      status: 409,
      body: { code: 'idempotency_conflict' },
    });
  });
});
