/**
 * Content is where it has to be and nowhere else. Marked texts go through a whole system at its most talkative log level,
 * and are then looked for in every table, log, metric, stream and answer.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readEvents } from '@countersign/client/read-events';
import { SERVICES_ACCOUNT } from '@countersign/contracts/bus-accounts';
import { agentUser, auditorUser, patterns, subjects, workerUser } from '@countersign/contracts/subjects';
import { waitUntil } from '@countersign/infra/wait-until';
import type { Handle } from '@countersign/worker/worker-options';
import { connect, type NatsConnection, nkeyAuthenticator } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keepEndsApart } from '../harness/act-as-role.ts';
import { codeOf } from '../harness/code-of.ts';
import { everyInstance } from '../harness/every-instance.ts';
import { playWorker } from '../harness/play-worker.ts';
import { startSystem, type TestSystem } from '../harness/start-system.ts';
import { startWorker } from '../harness/start-worker.ts';
import { waitForApproval, waitForEnd } from '../harness/wait-for-job.ts';
import { mayPublish, maySubscribe } from '../servers/nats/connect-as.ts';

/** Words that no detector takes for something; the two that one should are spelt in parts for the same reason. */
const MARKS = {
  prompt: 'promptmarkzebra',
  payload: 'payloadmarkzebra',
  denied: 'deniedmarkzebra',
  malformed: 'malformedmarkzebra',
  comment: 'commentmarkzebra',
  output: 'outputmarkzebra',
  forged: 'forgedmarkzebra',
  failure: 'failuremarkzebra',
  file: 'filemarkzebra',
  secret: `AKIA${'ZEBRAZEBRA2Z7XQW'}`,
  personal: ['521', '88', '3304'].join('-'),
};
type Mark = keyof typeof MARKS;

function marksIn(text: string): Mark[] {
  return (Object.keys(MARKS) as Mark[]).filter((mark) => text.includes(MARKS[mark]));
}

let system: TestSystem;
const cleanUp = new AsyncDisposableStack();
const followed: string[] = [];
const jobs: Record<'read' | 'refund' | 'secret' | 'personal' | 'failure' | 'file' | 'denied', string> = {} as never;

async function connectAs(user: string): Promise<NatsConnection> {
  const connection = await connect({
    servers: system.nats.url,
    inboxPrefix: subjects.inbox(user),
    authenticator: nkeyAuthenticator(new TextEncoder().encode(system.keys.nats[user]!.seed)),
  });
  cleanUp.defer(() => connection.close());
  return connection;
}
/** What the next stage is told, while its service is away and somebody else answers to its name. */
const hinted: string[] = [];

async function overhear(service: string, hints: string): Promise<void> {
  const connection = await connectAs(service);
  connection.subscribe(hints, {
    queue: service,
    callback: (_, { subject, data }) => void hinted.push(`${subject} ${Buffer.from(data)}`),
  });
  await connection.flush();
}

function submit(body: unknown) {
  return system.api('agent', 'POST', '/api/v1/jobs', body);
}
const PEOPLE = ['agent', 'approver', 'admin', 'auditor'] as const;

/** What anybody is told of a job anywhere but at its result. */
async function toldOf(job_id: string): Promise<string> {
  const parts = ['', '/decisions', '/timeline', '/record'];
  const paths = [...parts.map((part) => `/api/v1/jobs/${job_id}${part}`), '/api/v1/jobs'];
  const asked = PEOPLE.flatMap((who) => paths.map((path) => [who, path] as const));
  const answers = await Promise.all(asked.map(([who, path]) => system.api(who, 'GET', path)));
  return JSON.stringify(answers.map(({ body }) => body));
}

function resultFor(who: (typeof PEOPLE)[number], job_id: string) {
  return system.api(who, 'GET', `/api/v1/jobs/${job_id}/result`);
}

/** What a stream keeps on disk: nobody but its reader may ask the server for it. */
function storedIn(stream: string): string {
  const dir = join(system.nats.store_dir, `jetstream/${SERVICES_ACCOUNT}/streams`, stream, 'msgs');
  const blocks = readdirSync(dir).filter((name) => name.endsWith('.blk'));
  return blocks.map((name) => readFileSync(join(dir, name), 'latin1')).join('\n');
}

beforeAll(async () => {
  system = cleanUp.use(await startSystem({ separate: true, settings: { LOG_LEVEL: 'trace' } }));
  const auditor = await connectAs(auditorUser(system.tenant));
  auditor.subscribe(patterns.audit(system.tenant), { callback: (_, message) => void followed.push(message.string()) });
  await auditor.flush();
  const answers: Record<string, unknown> = { secret: { key: MARKS.secret }, personal: { ssn: MARKS.personal } };
  const handle: Handle = async ({ payload }, { putArtifact }) => {
    const { answer } = (payload ?? {}) as { answer?: string };
    if (answer === 'failure') throw new Error(MARKS.failure);
    if (answer === 'file') return void (await putArtifact(`${MARKS.file}.txt`, MARKS.file));
    return answers[answer ?? ''] ?? { said: MARKS.output };
  };
  const worker = await startWorker(system, 'demo-read', handle, 4, { artifacts_url: system.url });
  const writer = await startWorker(system, 'desk-write', () => ({ said: MARKS.output }));
  cleanUp.use(worker);
  cleanUp.use(writer);
}, 120_000);
afterAll(() => cleanUp.disposeAsync());

test('before its release a result is behind every door', async () => {
  const [outputSafety, scheduler] = [everyInstance(system, 'output-safety'), everyInstance(system, 'scheduler')];
  await using worker = await playWorker(system, 'desk-read');
  const request = { topic: 'job.desk.read.ticket', prompt: MARKS.prompt, payload: { text: MARKS.payload } };
  await keepEndsApart(system, true);
  jobs.read = (await submit(request)).body.job_id;
  const held = await worker.hold(jobs.read);
  await outputSafety.kill();
  expect(await codeOf(worker.report(held, { said: MARKS.output }))).toBe('bus_unavailable');
  await worker.beat(held, true);
  for (const who of PEOPLE) expect((await resultFor(who, jobs.read)).status).toBeGreaterThanOrEqual(403);
  expect(marksIn(await toldOf(jobs.read))).toEqual([]);

  await scheduler.kill();
  await overhear('scheduler', 'job.screened.>');
  await outputSafety.start();
  const strangers_key = system.keys.worker_signing['demo-read/w1']!.private_pem;
  const forged = await worker.report(held, { said: MARKS.forged }, { signing_pem: strangers_key });
  expect(forged).toMatchObject({ outcome: 'refused', code: 'signature_invalid' });
  expect(await worker.report(held, { said: MARKS.output })).toMatchObject({ outcome: 'settled' });
  await waitUntil('the next stage is told', () => hinted.some((text) => text.includes(jobs.read)));
  expect(marksIn(hinted.join('\n'))).toEqual([]);
  for (const who of PEOPLE) expect((await resultFor(who, jobs.read)).status).toBeGreaterThanOrEqual(403);
  await scheduler.start();
  expect((await waitForEnd(system, jobs.read)).state).toBe('succeeded');
  expect((await resultFor('agent', jobs.read)).body.output).toEqual({ said: MARKS.output });
  expect((await resultFor('approver', jobs.read)).status).toBe(403);
  await keepEndsApart(system, false);
});

test('before it is asked for, a question carries nothing of what is asked', async () => {
  const approval = everyInstance(system, 'approval');
  await approval.kill();
  await overhear('approval', 'job.held.>');
  const payload = { customer_id: 1, amount_cents: 9_900, reason: MARKS.payload };
  const { body } = await submit({ topic: 'job.desk.refund.order', prompt: MARKS.prompt, payload });
  jobs.refund = body.job_id;
  await waitUntil('approval is told', () => hinted.some((text) => text.includes(jobs.refund)));
  expect(marksIn(hinted.join('\n'))).toEqual([]);
  await approval.start();
});

test('the other ways of a job', async () => {
  const { approval_id, digest, effective } = await waitForApproval(system, jobs.refund);
  expect(marksIn(JSON.stringify(effective))).toEqual(['prompt', 'payload']);
  const vote = { digest, comment: MARKS.comment };
  await system.api('approver', 'POST', `/api/v1/approvals/${approval_id}/approve`, vote);
  for (const answer of ['secret', 'personal', 'failure', 'file'] as const) {
    jobs[answer] = (await submit({ topic: 'job.demo.read', payload: { answer } })).body.job_id;
  }
  const denied = await submit({ topic: 'job.exec.shell', prompt: `rm -rf / ${MARKS.denied}` });
  jobs.denied = denied.body.job_id;
  const malformed = [
    `{"topic":"job.demo.read","prompt":"${MARKS.malformed}",}`,
    { topic: 'job.demo.read', unknown: MARKS.malformed },
    { topic: 'job.demo.read', priority: MARKS.malformed },
  ];
  for (const body of malformed) {
    const answer = await submit(body);
    expect([answer.status, marksIn(JSON.stringify(answer.body))]).toEqual([400, []]);
  }
  expect(marksIn(JSON.stringify(denied.body))).toEqual([]);
  const ends = await Promise.all(Object.values(jobs).map((job_id) => waitForEnd(system, job_id)));
  expect(ends.map(({ state }) => state)).toEqual([
    'succeeded',
    'succeeded',
    'quarantined',
    'succeeded',
    'failed',
    'succeeded',
    'denied',
  ]);
});

describe('afterwards', () => {
  test('every table holds what it has to, and no other', async () => {
    const tables = await system.sql<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
        WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
    );
    const found: Record<string, Mark[]> = {};
    for (const { name } of tables) {
      const [row] = await system.sql<{ text: string }>(
        `SELECT coalesce(string_agg(t::text, ' '), '') AS text FROM ${name} t`,
      );
      const marks = marksIn(row!.text);
      if (marks.length > 0) found[name] = marks;
    }
    expect(found).toEqual({
      'approval.votes': ['comment'],
      // Its name; what is in it lies in the store, sealed.
      'output.artifacts': ['file'],
      'output.results': ['output', 'failure'],
      'scheduler.contexts': ['prompt', 'payload'],
    });
  });

  test('no log tells any of it', () => {
    const { dir } = system.prepared;
    const logs = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.log'));
    expect(logs.length).toBeGreaterThanOrEqual(6);
    const telling = logs.filter((name) => marksIn(readFileSync(join(dir, name), 'utf8')).length > 0);
    expect(telling).toEqual([]);
  });

  test('no file of the artifact store tells any of it, and who may have the result has the file', async () => {
    const store = join(system.prepared.dir, 'artifacts');
    const paths = readdirSync(store, { recursive: true, encoding: 'utf8' }).map((name) => join(store, name));
    const kept = paths.filter((path) => statSync(path).isFile()).map((path) => readFileSync(path, 'latin1'));
    expect([kept.length, marksIn(kept.join('\n') + paths.join('\n'))]).toEqual([1, []]);
    const path = `/api/v1/jobs/${jobs.file}/artifacts`;
    for (const who of PEOPLE)
      expect(marksIn(JSON.stringify((await system.api(who, 'GET', path)).body))).toEqual(
        who === 'approver' ? [] : ['file'],
      );
  });

  test('no metric names any of it', async () => {
    const texts = await Promise.all(
      system.services.health_urls.map(async (url) => (await fetch(`${url}/metrics`)).text()),
    );
    expect(marksIn(texts.join('\n'))).toEqual([]);
  });

  test('no stage, evidence or announcement carries any of it', async () => {
    await waitUntil('the ends are on the evidence stream', () => followed.some((text) => text.includes(jobs.failure)));
    expect(marksIn(followed.join('\n'))).toEqual([]);
    expect(hinted.map((text) => text.split('.')[1])).toEqual(expect.arrayContaining(['held', 'screened']));
    expect(marksIn(hinted.join('\n'))).toEqual([]);
    for (const stream of ['AUDIT']) expect([stream, marksIn(storedIn(stream))]).toEqual([stream, []]);
    expect(storedIn('AUDIT')).toContain(jobs.failure);
  });

  test('a listing of approvals shows what people said, never what they were shown', async () => {
    const { body } = await system.api('approver', 'GET', '/api/v1/approvals');
    expect(marksIn(JSON.stringify(body))).toEqual(['comment']);
  });

  test('no answer but the result tells any of it, and that only what was let out', async () => {
    for (const job_id of Object.values(jobs)) {
      expect(marksIn(await toldOf(job_id))).toEqual([]);
      const response = await fetch(`${system.url}/api/v1/jobs/${job_id}/events`, {
        headers: { 'x-api-key': system.keys.api_keys.auditor },
      });
      for await (const entry of readEvents(response.body!)) expect(marksIn(JSON.stringify(entry))).toEqual([]);
    }
    const results = await Promise.all(Object.values(jobs).map((job_id) => resultFor('auditor', job_id)));
    expect(results.map(({ status, body }) => [status, marksIn(JSON.stringify(body))])).toEqual([
      [200, ['output']],
      [200, ['output']],
      [403, []],
      [200, []],
      [200, ['failure']],
      [200, []],
      [404, []],
    ]);
  });
});

test("no guest of the bus can listen to the stages, read a stream or speak in another's name", async () => {
  const tenant = system.tenant;
  const guests = [agentUser(tenant), auditorUser(tenant), workerUser('demo-read', 'w1')];
  const closed = [
    '>',
    'job.>',
    'job.result.>',
    'job.submit.>',
    'job.dispatch.>',
    'audit.>',
    '_INBOX.>',
    '_INBOX_ingress.>',
  ];
  const forbidden = [
    ...[`INTAKE_${tenant}`, 'DISPATCH', 'AUDIT'].flatMap((stream) => [
      `$JS.API.STREAM.MSG.GET.${stream}`,
      `$JS.API.DIRECT.GET.${stream}`,
      `$JS.API.CONSUMER.CREATE.${stream}.spy`,
      `$JS.API.CONSUMER.DURABLE.CREATE.${stream}.spy`,
    ]),
    `$JS.API.CONSUMER.MSG.NEXT.INTAKE_${tenant}.ingress`,
    '$JS.API.CONSUMER.MSG.NEXT.DISPATCH.pool-desk-write',
    subjects.result('desk-write', 'w1', tenant, 'job.desk.refund.order'),
    subjects.claim('desk-write', 'w1'),
    subjects.submit('other', 'job.demo.read'),
    subjects.screened(tenant, 'job.demo.read'),
    subjects.granted(tenant, 'job.demo.read'),
    'rpc.output.read',
    'rpc.policy.decide',
  ];
  for (const guest of guests) {
    const connection = await connectAs(guest);
    const heard = await Promise.all(closed.map(async (name) => ((await maySubscribe(connection, name)) ? name : null)));
    expect([guest, heard.filter(Boolean)]).toEqual([guest, []]);
    for (const name of forbidden)
      expect([guest, name, await mayPublish(connection, name)]).toEqual([guest, name, false]);
  }
});
