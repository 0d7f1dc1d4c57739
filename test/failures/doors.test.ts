/**
 * Both doors of a whole system: what is malformed, foreign or forged is refused with its code and place and leaves no
 * row and no message behind, and what comes twice, even at once, is admitted once.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { subjects } from '@countersign/contracts/subjects';
import { waitUntil } from '@countersign/infra/wait-until';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AgentOnBus, knockAsAgent } from '../harness/knock-as-agent.ts';
import { countEverything, countRows, entriesOf } from '../harness/read-evidence.ts';
import { startSystem, type TestSystem } from '../harness/start-system.ts';
import { BAD_BODIES } from '../servers/ingress/bad-bodies.ts';
import { checkSystem } from './check-system.ts';

const TOPIC = 'job.demo.read';
const AT_ONCE = 20;

let system: TestSystem;
let bus: AgentOnBus;
const cleanUp = new AsyncDisposableStack();
beforeAll(async () => {
  system = cleanUp.use(await startSystem());
  bus = cleanUp.use(await knockAsAgent(system));
});
afterAll(() => cleanUp.disposeAsync());

function submit(body: unknown, headers?: Record<string, string>) {
  return system.api('agent', 'POST', '/api/v1/jobs', body, headers);
}

function rpc() {
  return subjects.rpcSubmit(system.tenant);
}

function ask(request: object, more?: { nonce?: string; timestamp?: string }) {
  return bus.ask(bus.seal(rpc(), { ...request }, more));
}

async function seatsOf(): Promise<number> {
  return (await countRows(system))['scheduler.jobs']!;
}

describe('what may not come in', () => {
  let before: Awaited<ReturnType<typeof countEverything>>;
  beforeAll(async () => {
    before = await countEverything(system);
  });

  test('over HTTP: a code and a place', async () => {
    for (const [name, body, code, at] of BAD_BODIES) {
      const reply = await submit(body);
      expect([name, reply.status, reply.body.code]).toEqual([name, 400, code]);
      if (at !== undefined) expect([name, reply.body.at]).toEqual([name, at]);
    }
    const huge = await submit({ topic: TOPIC, payload: { x: 'x'.repeat(2 * 1024 * 1024) } });
    expect([huge.status, huge.body.code]).toEqual([413, 'json_too_large']);
    const strangers: [Record<string, string>, number, string][] = [
      [{ 'x-tenant-id': 'other' }, 403, 'tenant_forbidden'],
      [{ 'x-api-key': `cs_${'A'.repeat(43)}` }, 401, 'unauthenticated'],
      [{ 'x-api-key': '' }, 401, 'unauthenticated'],
      [{ 'x-api-key': system.keys.api_keys.auditor }, 403, 'permission_missing'],
      [{ 'content-type': 'text/plain' }, 415, 'media_type_unsupported'],
    ];
    for (const [headers, status, code] of strangers) {
      expect(await submit({ topic: TOPIC }, headers)).toMatchObject({ status, body: { code } });
    }
    expect(await countEverything(system)).toEqual(before);
  });

  test('over NATS: the same codes, the place within the envelope', async () => {
    for (const [name, body, code, at] of BAD_BODIES) {
      if (code === 'tenant_mismatch') continue;
      const reply = await bus.ask(bus.wrap(body));
      const isShape = code.startsWith('field_');
      expect([name, reply.ok, !reply.ok && reply.error.code]).toEqual([name, false, code]);
      if (isShape && !reply.ok) expect([name, reply.error.at]).toEqual([name, `/request${at}`]);
    }
    const foreign = await ask({ topic: TOPIC, tenant: 'other' });
    expect(foreign).toMatchObject({ ok: false, error: { code: 'tenant_mismatch' } });
    expect(await countEverything(system)).toEqual(before);
  });

  test('badly signed: forged, altered, meant for another door, or old', async () => {
    const good = bus.seal(rpc(), { topic: TOPIC });
    const bad: [string, string][] = [
      [bus.wrap(`{"topic":"${TOPIC}"}`), 'signature_invalid'],
      [good.replace(TOPIC, 'job.exec.shell'), 'signature_invalid'],
      [bus.seal(subjects.submit(system.tenant, TOPIC), { topic: TOPIC }), 'signature_invalid'],
      [bus.seal(rpc(), { topic: TOPIC }, { timestamp: '2020-01-01T00:00:00Z' }), 'signature_stale'],
      [good.replace('desk-agent', 'alice'), 'unauthenticated'],
    ];
    for (const [message, code] of bad) expect(await bus.ask(message)).toMatchObject({ ok: false, error: { code } });
    expect(await countEverything(system)).toEqual(before);
  });

  test('left on the stream: taken off again, and nothing comes of it', async () => {
    const subject = subjects.submit(system.tenant, TOPIC);
    for (const [, body] of BAD_BODIES) await bus.leave(subject, bus.wrap(body));
    await bus.leave(subject, bus.seal(subject, { topic: 'job.desk.read.ticket' }));
    await bus.leave(subject, bus.seal(rpc(), { topic: TOPIC }));
    await waitUntil('the stream is worked off', async () => (await unread()) === 0);
    const { rows, published } = await countEverything(system);
    expect({ rows, published: { ...published, INTAKE: 0 } }).toEqual({
      rows: before.rows,
      published: { ...before.published, INTAKE: 0 },
    });
    expect(published.INTAKE).toBe(before.published.INTAKE! + BAD_BODIES.length + 2);
  });
});

/** Messages of INTAKE that wait or are being worked on. */
async function unread(): Promise<number> {
  const answer = await fetch(`${system.nats.monitor_url}/jsz?streams=true`);
  const { account_details } = (await answer.json()) as {
    account_details: { stream_detail: { name: string; state: { messages: number } }[] }[];
  };
  return account_details.flatMap((each) => each.stream_detail).find(({ name }) => name === `INTAKE_${system.tenant}`)!
    .state.messages;
}

describe('what comes twice', () => {
  test('under the same job_id: the first answer, or a conflict', async () => {
    const named = { job_id: 'twice', topic: TOPIC, payload: { a: 1 } };
    const first = await submit(named);
    const again = await submit(named);
    expect([first.status, again.status, again.headers.get('idempotency-replayed')]).toEqual([202, 202, 'true']);
    expect(again.body).toEqual(first.body);
    for (const other of [{ payload: { a: 2 } }, { prompt: 'more' }, { labels: { env: 'prod' } }, { priority: 9 }]) {
      expect(await submit({ ...named, ...other })).toMatchObject({
        status: 409,
        body: { code: 'idempotency_conflict' },
      });
    }
    const denied = { job_id: 'twice-denied', topic: 'job.exec.shell', prompt: 'rm -rf /' };
    const [no, still_no] = [await submit(denied), await submit(denied)];
    expect([no.status, still_no.status, still_no.body.rule_id]).toEqual([403, 403, no.body.rule_id]);
  });

  test('under the same Idempotency-Key, and under the same nonce', async () => {
    const key = { 'idempotency-key': 'k-1' };
    const [first, again] = [await submit({ topic: TOPIC }, key), await submit({ topic: TOPIC }, key)];
    expect(again.body).toEqual(first.body);
    expect(await submit({ topic: TOPIC, prompt: 'x' }, key)).toMatchObject({ body: { code: 'idempotency_conflict' } });
    const nonce = randomBytes(16).toString('base64url');
    const signed = [await ask({ topic: TOPIC }, { nonce }), await ask({ topic: TOPIC }, { nonce })];
    expect(signed.map((reply) => reply.ok && [reply.value.status, reply.value.replayed])).toEqual([
      [202, false],
      [202, true],
    ]);
    expect(new Set(signed.map((reply) => reply.ok && reply.value.job_id)).size).toBe(1);
    expect(await ask({ topic: TOPIC, prompt: 'x' }, { nonce })).toMatchObject({
      ok: false,
      error: { code: 'idempotency_conflict' },
    });
  });

  test('the same signed message on the stream is one job', async () => {
    const subject = subjects.submit(system.tenant, TOPIC);
    const before = await seatsOf();
    const message = bus.seal(subject, { topic: TOPIC });
    for (let i = 0; i < 5; i += 1) await bus.leave(subject, message);
    await waitUntil('the stream is worked off', async () => (await unread()) === 0);
    expect(await seatsOf()).toBe(before + 1);
  });

  test('at once, the same: one is admitted, and all hear of it', async () => {
    const before = await seatsOf();
    const body = { job_id: randomUUID(), topic: TOPIC, payload: { a: 1 } };
    const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => submit(body)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(answers.filter(({ headers }) => headers.get('idempotency-replayed') !== 'true')).toHaveLength(1);
    expect(new Set(answers.map((answer) => answer.body.job_hash)).size).toBe(1);
    expect(await seatsOf()).toBe(before + 1);
  });

  test('at once, several names, each body another: one of each is admitted whole, and no other sticks to it', async () => {
    const names = Array.from({ length: 8 }, () => randomUUID());
    const bodies = Array.from({ length: AT_ONCE }, (_, n) =>
      names.map((job_id) => ({ job_id, topic: TOPIC, priority: n % 10, payload: { n } })),
    ).flat();
    const answers = await Promise.all(bodies.map((body) => submit(body)));
    const won = answers.flatMap(({ status, body }, i) =>
      status === 202 ? [{ ...bodies[i]!, hash: body.job_hash }] : [],
    );
    expect(won.map(({ job_id }) => job_id).sort()).toEqual([...names].sort());
    expect(answers.filter(({ body }) => body.code === 'idempotency_conflict')).toHaveLength(
      bodies.length - names.length,
    );
    for (const { job_id, hash, priority, payload } of won) {
      const [row] = await system.sql<{ job_hash: string; priority: number; request: string }>(
        'SELECT job_hash, priority, request FROM scheduler.jobs JOIN scheduler.contexts USING (tenant, job_id) WHERE job_id = $1',
        [job_id],
      );
      const [entry] = await entriesOf(system, job_id);
      const kept = { ...row!, request: JSON.parse(row!.request).payload, entry: entry!.body.job_hash };
      expect(kept).toEqual({ job_hash: hash, priority, request: payload, entry: hash });
    }
  });
});

test('nothing of all this contradicts the evidence', async () => {
  const faults = await checkSystem(system, [], []);
  /** Nobody works here, so what was admitted has not ended. */
  expect(faults.filter((fault) => !/ has 0 ends| its last step is /.test(fault))).toEqual([]);
});
