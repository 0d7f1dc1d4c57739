/** One job for each decision, all the way from the HTTP door to the ledger, on real servers with real permissions. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Steps } from '@countersign/cli/drill/drill-report';
import { countersIn, keyOf } from '@countersign/cli/drill/read-counters';
import { stageExercise } from '@countersign/cli/drill/stage-exercise';
import { endsJob } from '@countersign/cli/forward/job-spans';
import { createClient } from '@countersign/client/create-client';
import type { Kpis } from '@countersign/contracts/kpis';
import { LIMITS } from '@countersign/contracts/limits';
import { waitUntil } from '@countersign/infra/wait-until';
import type { JobContext } from '@countersign/worker/worker-options';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faultsIn } from '../cases/cli/ocsf-schema.ts';
import { playHttp } from '../cases/cli/play-receivers.ts';
import { newFolder, runCli } from '../cases/cli/run-cli.ts';
import { startSystem, type TestSystem } from '../harness/start-system.ts';
import { startWorker } from '../harness/start-worker.ts';
import { waitForApproval, waitForEnd, waitForState } from '../harness/wait-for-job.ts';
import { consoleCases } from './console/console-cases.ts';

let system: TestSystem;
const cleanUp = new AsyncDisposableStack();
const ran: { topic: string; payload: unknown; job_id: string; traceparent: string }[] = [];

beforeAll(async () => {
  system = cleanUp.use(await startSystem());
  const record =
    (answer: (payload: any) => unknown) =>
    async (job: any, { traceparent, putArtifact }: JobContext) => {
      ran.push({ topic: job.topic, payload: job.payload, job_id: job.job_id, traceparent });
      const { file } = job.payload ?? {};
      if (file !== undefined) await putArtifact('report.txt', file === 'large' ? [LARGE] : LEAK.config);
      return answer(job.payload);
    };
  for (const pool of ['demo-read', 'desk-read', 'desk-write', 'infra-prod-write']) {
    cleanUp.use(await startWorker(system, pool, record(answerTo), 4, { artifacts_url: system.url }));
  }
});
afterAll(() => cleanUp.disposeAsync());

/** A secret of the worker's own: in a request, an input rule would stop it at the door. */
const LEAK = { config: `aws_access_key_id = AKIA${'IOSFODNN7EXAMPLQ'}` };

/** Of two parts. */
const LARGE = Buffer.from('all is well here\n'.repeat(70_000));

function answerTo(payload: any) {
  return payload?.leak ? LEAK : (payload?.answer ?? { done: true });
}

function submit(body: unknown, headers?: Record<string, string>) {
  return system.api('agent', 'POST', '/api/v1/jobs', body, headers);
}

function get(path: string) {
  return system.api('auditor', 'GET', path);
}

function runsOf(job_id: string) {
  return ran.filter((run) => run.job_id === job_id);
}

/** Of all instances. */
async function counters(): Promise<ReadonlyMap<string, number>> {
  const read = async (url: string) => (await fetch(`${url}/metrics`)).text();
  return countersIn((await Promise.all(system.services.health_urls.map(read))).join('\n'));
}

describe('one job for each decision', () => {
  it('allow: runs, is screened, and every step stands in the ledger', async () => {
    const { status, body } = await submit({ topic: 'job.demo.read', prompt: 'status' });
    expect({ status, decision: body.decision }).toEqual({ status: 202, decision: 'allow' });
    const job = await waitForEnd(system, body.job_id);
    expect(job.state).toBe('succeeded');
    const result = await system.api('agent', 'GET', `/api/v1/jobs/${body.job_id}/result`);
    expect(result).toMatchObject({ status: 200, body: { output: { done: true }, output_decision: 'allow' } });
    const timeline = await get(`/api/v1/jobs/${body.job_id}/timeline`);
    expect(timeline.body.map((entry: { kind: string }) => entry.kind)).toEqual([
      'job_admitted',
      'job_dispatched',
      'job_running',
      'output_screened',
      'job_succeeded',
    ]);
    const record = (await get(`/api/v1/jobs/${body.job_id}/record`)).body;
    expect(record).toMatchObject({
      run_id: body.job_id,
      actor: 'desk-agent',
      policy_decision: 'allow',
      output_safety: 'allow',
      missing: [],
      proof: { verified: true, entries: 5 },
    });
  });

  it('deny: 403 with a job whose decision can be read, and nothing kept of its content', async () => {
    const { status, body } = await submit({ topic: 'job.exec.shell', prompt: 'rm -rf /' });
    expect({ status, code: body.code, rule: body.rule_id }).toEqual({
      status: 403,
      code: 'denied',
      rule: 'deny-destructive-words',
    });
    const decisions = await get(`/api/v1/jobs/${body.job_id}/decisions`);
    expect(decisions.body).toMatchObject([
      { gate: 'submit', decision: 'deny', rule_id: 'deny-destructive-words', policy_snapshot: body.policy_snapshot },
    ]);
    const [kept] = await system.sql<{ request: string | null }>(
      'SELECT request, rewritten, effective FROM scheduler.contexts WHERE job_id = $1',
      [body.job_id],
    );
    expect(kept).toEqual({ request: null, rewritten: null, effective: null });
  });

  it('require_approval: held until two different people said yes to exactly this', async () => {
    const request = {
      topic: 'job.deploy.apply',
      labels: { env: 'prod' },
      payload: { service: 'web', version: '1.2.3', replicas: 3 },
    };
    const { status, body } = await submit(request);
    expect({ status, decision: body.decision }).toEqual({ status: 202, decision: 'require_approval' });
    await waitForState(system, body.job_id, 'held');
    const approval = await waitForApproval(system, body.job_id);
    expect(approval.effective.payload).toMatchObject(request.payload);
    const approve = (who: 'approver' | 'approver2' | 'admin', digest: string) =>
      system.api(who, 'POST', `/api/v1/approvals/${approval.approval_id}/approve`, { digest, comment: 'looked at it' });
    expect((await approve('admin', approval.digest)).status).toBe(403);
    expect((await approve('approver', `sha256:${'0'.repeat(64)}`)).body.code).toBe('approval_digest_mismatch');
    expect((await approve('approver', approval.digest)).body.state).toBe('open');
    expect(runsOf(body.job_id)).toEqual([]);
    expect((await approve('approver2', approval.digest)).body.state).toBe('granted');
    expect((await waitForEnd(system, body.job_id)).state).toBe('succeeded');
    expect(runsOf(body.job_id)).toHaveLength(1);
    const record = (await get(`/api/v1/jobs/${body.job_id}/record`)).body;
    expect(record.approval.approvers.map((each: { approver: string }) => each.approver)).toEqual(['alice', 'bob']);
  });

  it('allow_with_constraints: the worker gets the payload that the constraints made', async () => {
    const { status, body } = await submit({
      topic: 'job.desk.update.address',
      payload: { customer_id: 7, max_rows: 500 },
    });
    expect({ status, decision: body.decision }).toEqual({ status: 202, decision: 'allow_with_constraints' });
    expect((await waitForEnd(system, body.job_id)).state).toBe('succeeded');
    expect(runsOf(body.job_id)).toMatchObject([{ payload: { customer_id: 7, max_rows: 1 } }]);
  });

  it('remediate: another topic runs under the same job, both decisions on record', async () => {
    const { status, body } = await submit({ topic: 'job.desk.export', payload: { customer_id: 7, fields: ['ssn'] } });
    expect(status).toBe(202);
    expect((await waitForEnd(system, body.job_id)).state).toBe('succeeded');
    expect(runsOf(body.job_id)).toMatchObject([
      { topic: 'job.desk.read.summary', payload: { customer_id: 7, format: 'summary' } },
    ]);
    const decisions = (await get(`/api/v1/jobs/${body.job_id}/decisions`)).body.map(
      (each: { gate: string; decision: string }) => `${each.gate} ${each.decision}`,
    );
    expect(decisions).toEqual(['output allow', 'dispatch allow', 'submit allow', 'submit remediate']);
  });
});

describe('output safety', () => {
  it('redact: the reader gets the result without what the scanners found', async () => {
    const answer = { note: 'the customer wrote: my SSN is 536-90-4399' };
    const { body } = await submit({ topic: 'job.desk.read.ticket', payload: { answer } });
    expect((await waitForEnd(system, body.job_id)).state).toBe('succeeded');
    const result = (await system.api('agent', 'GET', `/api/v1/jobs/${body.job_id}/result`)).body;
    expect(result.output_decision).toBe('redact');
    expect(JSON.stringify(result)).not.toContain('536-90-4399');
  });

  it('an artifact is put over HTTP, screened, named by its digest, and had in full by who may have the result', async () => {
    const { body } = await submit({ topic: 'job.demo.read', payload: { file: 'large' } });
    expect((await waitForEnd(system, body.job_id)).state).toBe('succeeded');
    const digest = `sha256:${createHash('sha256').update(LARGE).digest('hex')}`;
    const path = `/api/v1/jobs/${body.job_id}/artifacts`;
    const { artifacts } = (await get(path)).body;
    expect(artifacts).toMatchObject([{ name: 'report.txt', digest, decision: 'allow', released_bytes: LARGE.length }]);
    const had = await fetch(`${system.url}${path}/${digest}`, { headers: { 'x-api-key': system.keys.api_keys.agent } });
    expect(had.headers.get('content-disposition')).toBe('attachment');
    expect(Buffer.from(await had.arrayBuffer()).equals(LARGE)).toBe(true);
    expect((await system.api('approver', 'GET', `${path}/${digest}`)).status).toBe(403);
    const out = newFolder();
    const fetched = ['artifacts', 'get', body.job_id, '--out', out];
    const command = ['--url', system.url, '--key', system.keys.api_keys.agent, ...fetched];
    expect((await runCli(...command)).code).toBe(0);
    expect(readFileSync(join(out, 'report.txt')).equals(LARGE)).toBe(true);
    expect((await runCli(...command)).error).toContain('report.txt');
    const record = (await get(`/api/v1/jobs/${body.job_id}/record`)).body;
    const [{ artifact_digest }] = artifacts;
    expect(record).toMatchObject({
      missing: [],
      artifacts: [{ artifact_digest, bytes: LARGE.length, decision: 'allow' }],
    });
    const leaking = (await submit({ topic: 'job.demo.read', payload: { file: 'leaking' } })).body.job_id;
    expect((await waitForEnd(system, leaking)).state).toBe('quarantined');
    expect((await get(`/api/v1/jobs/${leaking}/artifacts`)).body.code).toBe('result_quarantined');
    const held = newFolder();
    const review = ['--url', system.url, '--key', system.keys.api_keys.approver, '--json', 'quarantine'];
    const opened = await runCli(...review, 'open', leaking, '--reason', 'a customer asks', '--out', held);
    expect(readFileSync(join(held, 'report.txt'), 'utf8')).toBe(LEAK.config);
    const sealed = `/api/v1/quarantine/${leaking}/artifacts/${opened.json.artifacts[0].digest}`;
    expect((await system.api('agent', 'GET', sealed)).status).toBe(403);
    await runCli(...review, 'release', leaking, '--reason', 'a test key', '--digest', opened.json.output_digest);
    expect((await system.api('agent', 'GET', `/api/v1/jobs/${leaking}/artifacts`)).body).toEqual({
      artifacts: opened.json.artifacts,
    });
  });

  it('quarantine: the job ends, and no door shows its output', async () => {
    const { body } = await submit({ topic: 'job.demo.read', payload: { leak: true } });
    const job = await waitForEnd(system, body.job_id);
    expect(job.state).toBe('quarantined');
    const result = await system.api('auditor', 'GET', `/api/v1/jobs/${body.job_id}/result`);
    expect({ status: result.status, code: result.body.code }).toEqual({ status: 403, code: 'result_quarantined' });
  });

  it('quarantine: people open it, and release it without what was found', async () => {
    const { body } = await submit({ topic: 'job.demo.read', payload: { leak: true } });
    await waitForEnd(system, body.job_id);
    const path = `/api/v1/quarantine/${body.job_id}`;
    const as = (who: 'approver' | 'auditor', part: string, sent: object) =>
      system.api(who, 'POST', `${path}${part}`, { reason: 'a customer asks', ...sent });
    expect((await as('auditor', '/open', {})).status).toBe(403);
    const { digest, ...listed } = (await get(path).then(({ body }) => ({
      ...body,
      digest: body.output_digest,
    }))) as any;
    expect(listed).toMatchObject({ job_id: body.job_id, state: 'waiting', actor: 'desk-agent' });
    expect(JSON.stringify(listed)).not.toContain(LEAK.config.slice(-16));
    expect((await as('approver', '/open', {})).body.output).toEqual(LEAK);
    const released = await as('approver', '/release', { digest, redact: true });
    expect(released).toMatchObject({ status: 200, body: { state: 'released' } });
    const result = await system.api('agent', 'GET', `/api/v1/jobs/${body.job_id}/result`);
    expect(result).toMatchObject({
      status: 200,
      body: { output_decision: 'quarantine', reviewed: { redacted: true } },
    });
    expect(JSON.stringify(result.body)).not.toContain(LEAK.config.slice(-16));
    const decisions = (await get(`/api/v1/jobs/${body.job_id}/decisions`)).body;
    expect(decisions.map(({ gate }: { gate: string }) => gate)).toEqual(['output', 'dispatch', 'submit']);
    expect((await get(`/api/v1/jobs/${body.job_id}`)).body.state).toBe('quarantined');
  });
});

describe('an incident', () => {
  const as = (who: 'agent' | 'auditor' | 'admin') =>
    createClient({ url: system.url, api_key: system.keys.api_keys[who] });
  const incident = (who: 'agent' | 'auditor', ...args: string[]) =>
    runCli('--url', system.url, '--key', system.keys.api_keys[who], '--json', 'incident', ...args);

  it('is staged by the drill, explained by the ledger, and stopped', async () => {
    const steps = new Steps();
    const exercise = {
      ...{ request: { topic: 'job.demo.read', prompt: 'CONTENT' }, times: 3 },
      ...{ investigator: as('auditor'), operator: as('admin') },
    };
    await stageExercise({ agent: as('agent'), exercise, patience_ms: 20_000, now: () => new Date() }, steps);
    expect(steps.done.map(({ name, outcome, found }) => [name, outcome === 'passed' ? outcome : found])).toEqual([
      ['exercise: staged', 'passed'],
      ['exercise: explained', 'passed'],
      ['exercise: stopped', 'passed'],
    ]);
    expect((await as('admin').stops()).stops).toEqual([]);
  });

  it('shows everything to an auditor, and an agent its own jobs alone', async () => {
    // What was committed a moment ago is shown once it is sealed.
    const kindsIn = ({ timeline }: any) => new Set(timeline.map(({ kind }: { kind: string }) => kind));
    const all: any = await waitUntil('the stop is sealed', async () => {
      const { json } = await incident('auditor', 'agent', 'desk-agent', '--last', '1h');
      return kindsIn(json).has('switch_set') && json;
    });
    const kinds = kindsIn(all);
    for (const kind of [
      'job_admitted',
      'job_denied',
      'approval_voted',
      'output_screened',
      'switch_set',
      'policy_activated',
    ])
      expect(kinds).toContain(kind);
    expect(all).toMatchObject({ not_shown: [], cut: false, stops: [] });
    expect(all.jobs.length).toBe(all.fixtures.length);
    const denied = all.jobs.filter(({ decision }: { decision: string }) => decision === 'deny');
    expect(denied.length).toBeGreaterThan(1);
    expect(denied.filter(({ ran }: { ran: boolean }) => ran)).toEqual([]);
    expect(all.undo.length).toBeLessThan(all.jobs.length);
    const own = (await incident('agent', 'window', '--last', '1h')).json;
    expect(own).toMatchObject({ stops: null, jobs: { length: all.jobs.length } });
    expect(own.not_shown).toHaveLength(2);
    expect(JSON.stringify([all, own])).not.toMatch(/CONTENT|AKIA|536-90-4399/);
  });
});

describe('the evidence, sent on', () => {
  const leafOf = ({ metadata }: any): number => metadata.sequence;
  const attributesOf = ({ attributes }: any): Record<string, unknown> =>
    Object.fromEntries(attributes.map(({ key, value }: any) => [key, value.stringValue]));
  const send = async (to: string, state: string) => {
    const auditor = ['--url', system.url, '--key', system.keys.api_keys.auditor, '--json'];
    const { json, error } = await runCli(...auditor, 'audit', 'forward', '--once', '--to', to, '--state', state);
    expect(error).toBe('');
    return json;
  };

  it('is every entry once as an event, and a trace for each job that ended, without any content', async () => {
    const caller = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`;
    const { body } = await submit({ topic: 'job.demo.read', prompt: 'status' }, { traceparent: caller });
    await waitForEnd(system, body.job_id);
    const { body: denied } = await submit({ topic: 'job.exec.shell', prompt: 'rm -rf /' }, { traceparent: caller });
    for (const job_id of [body.job_id, denied.job_id])
      await waitUntil('its end is sealed', async () => {
        const { entries } = (await get(`/api/v1/evidence/entries?job_id=${job_id}`)).body;
        return entries.some(endsJob);
      });
    const events: any[] = [];
    const spans: any[] = [];
    await using siem = await playHttp(({ path, body }) => {
      if (path === '/v1/traces') spans.push(...body.resourceSpans[0].scopeSpans[0].spans);
      else events.push(...body);
      return { status: 200 };
    });
    const folder = newFolder();
    const { entries } = await send(`http://127.0.0.1:${siem.port}/events`, join(folder, 'siem'));
    await send(`otlp+http://127.0.0.1:${siem.port}`, join(folder, 'traces'));
    expect(entries).toBe(events.length);
    const kept = await system.sql<{ leaf: number }>(
      `SELECT l.leaf_index::int AS leaf FROM ledger.leaves l JOIN ledger.entries e ON e.id = l.entry_id
        WHERE l.leaf_index <= $1 AND e.tenant = 'default' ORDER BY 1`,
      [leafOf(events.at(-1))],
    );
    expect(events.filter(({ unmapped }) => unmapped.ledger.tenant === 'default').map(leafOf)).toEqual(
      kept.map(({ leaf }) => leaf),
    );
    expect(events.flatMap((event) => faultsIn(event))).toEqual([]);
    expect(JSON.stringify([events, spans])).not.toMatch(/CONTENT|AKIA|536-90-4399|rm -rf|looked at it/);
    const inTrace = spans.filter(({ traceId }) => traceId === 'c'.repeat(32));
    expect(inTrace.filter(({ parentSpanId }) => parentSpanId === 'd'.repeat(16)).map(({ name }) => name)).toEqual([
      'job job.demo.read',
      'job job.exec.shell',
    ]);
    const [allowed, refused] = [body.job_id, denied.job_id].map((job_id) => {
      const root = spans.find((span) => attributesOf(span)['countersign.job.id'] === job_id);
      return spans.filter(({ parentSpanId }) => parentSpanId === root.spanId);
    });
    // How long it waits for a slot or a worker, and whether at all, is another matter.
    expect(allowed!.map(({ name }) => name).filter((name) => !name.startsWith('wait '))).toEqual([
      ...['decide submit', 'decide dispatch', 'execute_tool job.demo.read', 'screen output', 'release'],
    ]);
    // What the handler calls is a child of that very execution.
    const run = allowed!.find(({ name }) => name.startsWith('execute_tool'));
    expect(runsOf(body.job_id)[0]!.traceparent).toBe(`00-${run.traceId}-${run.spanId}-01`);
    expect(refused!.map(({ name, status }) => [name, status.code])).toEqual([['decide submit', 2]]);
  });
});

it('the KPIs are those of the counters', async () => {
  const kpis = async () => (await get('/api/v1/kpis')).body as Kpis;
  const ended = ({ ended }: Kpis) => Object.values(ended).reduce((sum, count) => sum + count, 0);
  const all = await system.sql<{ ended: number }>(
    `SELECT count(*)::int AS ended FROM scheduler.jobs WHERE state NOT IN ('held', 'cleared', 'dispatched', 'running')`,
  );
  await waitUntil('all is counted', async () => ended(await kpis()) === all[0]!.ended);
  const { outputs, decisions, ended: by_state, evidence } = await kpis();
  const counted = await counters();
  const sum = (pick: (row: Kpis['outputs'][number]) => number) => outputs.reduce((total, row) => total + pick(row), 0);
  expect(sum(({ redacted }) => redacted)).toBe(counted.get(keyOf('output_policy_redact_total', {})));
  expect(sum(({ quarantined }) => quarantined)).toBe(counted.get(keyOf('output_policy_quarantine_total', {})));
  for (const [state, count] of Object.entries(by_state))
    if (state !== 'denied') expect(counted.get(keyOf('jobs_ended_total', { state })), state).toBe(count);
  const denied = decisions.reduce((total, row) => total + row.denied, 0);
  const decided = counted.get(keyOf('decisions_total', { gate: 'submit', decision: 'deny' }));
  // A question that is late goes to both kernels, and each counts what it decided.
  const again = counted.get(keyOf('rpc_repeats_total', { verb: 'policy.decide' })) ?? 0;
  expect(decided).toBeGreaterThanOrEqual(denied);
  expect(decided).toBeLessThanOrEqual(denied + again * LIMITS.repeat_copies * LIMITS.batch_rows);
  expect(evidence).toMatchObject({ completeness: 1, missing: [] });
});

consoleCases(() => system);
