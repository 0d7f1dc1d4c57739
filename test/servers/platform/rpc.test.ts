/**
 * One request and its answer: what is carried, who is answered, and that silence, nonsense and absence are outages of
 * the service that was asked, never a yes.
 */
import { createHash } from 'node:crypto';
import { CountersignError } from '@countersign/contracts/errors';
import type { RpcAnswer, RpcRequest } from '@countersign/contracts/rpc';
import { subjects, workerUser } from '@countersign/contracts/subjects';
import { waitUntil } from '@countersign/infra/wait-until';
import { type Bus, connectBus, type RpcMeta } from '@countersign/platform/bus';
import type { Message } from '@countersign/platform/nats-connection';
import { createNatsKey } from '@countersign/platform/nats-key';
import { mayCall } from '@countersign/platform/rpc-envelope';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf } from '../../harness/code-of.ts';
import { layWire } from '../../harness/wire.ts';
import { type OpenNats, openNats } from './open-bus.ts';
import { type Answer, answering, type PlayedService, playService } from './play-service.ts';

const JOB = { tenant: 'acme', job_id: 'j1' };
const SUBJECT = 'rpc.audit.timeline';
const TRACE = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
type Handler = (request: RpcRequest<'audit.timeline'>, meta: RpcMeta) => Promise<RpcAnswer<'audit.timeline'>>;

let nats: OpenNats;
let ingress: Bus;
beforeAll(async () => {
  nats = await openNats();
  ingress = await nats.bus('ingress');
});
afterAll(() => nats[Symbol.asyncDispose]());

function ask(options: { timeout_ms?: number; traceparent?: string } = {}) {
  return ingress.call('audit.timeline', JOB, options);
}

/** Serves the verb until disposed. */
async function serving(handle: Handler): Promise<AsyncDisposable> {
  const audit = await nats.bus('audit');
  audit.serve('audit.timeline', handle);
  await audit.connection.flush();
  return { [Symbol.asyncDispose]: () => audit.close() };
}

function playing(answer: Answer): Promise<PlayedService> {
  return playService(nats.peer, 'audit.timeline', answer);
}
const NOTHING = { ok: true, value: { entries: [] } };

async function causeOf(work: Promise<unknown>): Promise<string> {
  const thrown = await work.then(
    () => null,
    (reason: unknown) => reason as CountersignError,
  );
  return `${thrown?.code}: ${(thrown?.cause as Error | undefined)?.message}`;
}

describe('a call', () => {
  test('carries request and trace there, and the answer back', async () => {
    const seen: unknown[] = [];
    await using _ = await serving(async (request, meta) => {
      seen.push(request, meta);
      return { entries: [] };
    });
    expect(await ask({ traceparent: TRACE })).toEqual({ entries: [] });
    expect(seen).toEqual([JOB, { subject: SUBJECT, traceparent: TRACE }]);
  });

  test('hears the failure that the service answered, and of a bug only that there is one', async () => {
    await using _ = await serving(async ({ job_id }) => {
      if (job_id === 'gone') throw new CountersignError('not_found', 'no such job', { at: '/job_id' });
      throw new TypeError('the salary of bob is 12');
    });
    const failed = ingress.call('audit.timeline', { ...JOB, job_id: 'gone' });
    await expect(failed).rejects.toMatchObject({ code: 'not_found', message: 'no such job', at: '/job_id' });
    const bug = ask();
    await expect(bug).rejects.toMatchObject({ code: 'internal' });
    await expect(bug).rejects.not.toThrow('bob');
  });

  test('is answered by one of several that serve', async () => {
    const handled = [0, 0];
    const one = (i: number) => async () => {
      handled[i]! += 1;
      return { entries: [] };
    };
    await using _ = await serving(one(0));
    await using __ = await serving(one(1));
    await Promise.all(Array.from({ length: 60 }, () => ask()));
    // A late answer is asked for again, of either.
    expect(handled[0]! + handled[1]!).toBeGreaterThanOrEqual(60);
    expect(Math.min(...handled)).toBeGreaterThan(0);
  });

  test('whose answer is too large for the server fails, and takes nobody down', async () => {
    let large = true;
    const entry = {
      chain: 'c',
      seq: 1,
      kind: 'k',
      recorded_by: 'r',
      tenant: null,
      topic: null,
      recorded_at: '2026-01-01T00:00:00Z',
      prev_hash: '',
      hash: '',
      leaf_index: null,
    };
    await using _ = await serving(async () => ({ entries: large ? [{ ...entry, body: 'x'.repeat(3_000_000) }] : [] }));
    expect(await codeOf(ask())).toBe('internal');
    large = false;
    expect(await ask()).toEqual({ entries: [] });
  });
});

describe('an outage of the service asked is', () => {
  test('silence past the time-out', async () => {
    using service = await playing(() => null);
    expect(await causeOf(ask({ timeout_ms: 60 }))).toBe('audit_unavailable: timeout');
    await expect.poll(() => service.asked).toHaveLength(1);
  });

  test('nobody who serves, told at once', async () => {
    // Whoever served in the last test is gone for the server too.
    await nats.peer.flush();
    const before = performance.now();
    expect(await causeOf(ask({ timeout_ms: 30_000 }))).toBe('audit_unavailable: no_responders');
    expect(performance.now() - before).toBeLessThan(10_000);
  });

  test.each([
    {},
    { ok: true },
    { ok: true, value: {} },
    { ok: true, value: { entries: 'all' } },
    { ok: 1, value: { entries: [] } },
    { value: { entries: [] } },
    { ok: false },
    { error: { code: 'denied', detail: '' } },
    { ok: false, value: { entries: [] } },
    { ok: false, error: { code: 'fine', detail: '' } },
    { ok: false, error: 'denied' },
  ])('nonsense: %j', async (outcome) => {
    using _ = await playing((asked) => answering(asked, outcome));
    expect(await causeOf(ask())).toBe('audit_unavailable: the answer does not parse');
  });

  test('more requests outstanding than one process may have; closing answers all of them', async () => {
    using _ = await playing(() => null);
    const flooding = await nats.bus('ingress');
    const waiting = Array.from({ length: 8_192 }, () =>
      causeOf(flooding.call('audit.timeline', JOB, { timeout_ms: 60_000 })),
    );
    expect(await causeOf(flooding.call('audit.timeline', JOB))).toBe('audit_unavailable: overloaded');
    await flooding.close();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['audit_unavailable: closed']));
  });
});

describe('who serves', () => {
  const inbox = subjects.inbox('ingress');

  test.each([
    ['no JSON', 'nonsense'],
    ['nothing', ''],
    ['null', 'null'],
    ['no body', '{}'],
    ['a field too many', JSON.stringify({ body: { ...JOB, more: 1 } })],
    ['a field that cannot be', JSON.stringify({ body: { ...JOB, tenant: 'A B' } })],
  ])('never sees a request that does not parse: %s', async (_, text) => {
    let reached = false;
    await using __ = await serving(async () => {
      reached = true;
      return { entries: [] };
    });
    const answers = nats.peer.subscribe(`${inbox}.test`, { max: 1 });
    nats.peer.publish(SUBJECT, text, { reply: `${inbox}.test` });
    for await (const answer of answers)
      expect(answer.json()).toMatchObject({ ok: false, error: { code: 'field_invalid' } });
    expect(reached).toBe(false);
  });

  test('takes a trace that is no text for none', async () => {
    const traces: unknown[] = [];
    await using _ = await serving(async (__, { traceparent }) => {
      traces.push(traceparent);
      return { entries: [] };
    });
    nats.peer.publish(SUBJECT, JSON.stringify({ traceparent: { a: 1 }, body: JOB }), { reply: `${inbox}.test` });
    await waitUntil('the request is handled', () => traces.length > 0);
    expect(traces).toEqual(['']);
  });

  test('answers only into the private inbox of who may call, and does not even look at other requests', async () => {
    const handled: string[] = [];
    await using _ = await serving(async ({ job_id }) => {
      handled.push(job_id);
      return { entries: [] };
    });
    const elsewhere = [
      '_INBOX_scheduler.1',
      '_INBOX_ingressx.1',
      '_INBOX_ingress',
      'job.granted.acme.deploy',
      undefined,
    ];
    const seen: string[] = [];
    const listening = elsewhere.flatMap((subject) =>
      subject ? [nats.peer.subscribe(subject, { callback: (__, message) => void seen.push(message.subject) })] : [],
    );
    for (const reply of elsewhere) {
      nats.peer.publish(SUBJECT, JSON.stringify({ body: { ...JOB, job_id: 'foreign' } }), reply ? { reply } : {});
    }
    await nats.peer.flush();
    await ask();
    await nats.peer.flush();
    expect(handled).toEqual(['j1']);
    expect(seen).toEqual([]);
    for (const each of listening) each.unsubscribe();
  });

  test('knows a worker by its subject, and answers it by way of its account', () => {
    const from = (subject: string, reply: string): Message => ({
      subject,
      reply,
      data: new Uint8Array(),
      headers: new Map(),
      status: 0,
    });
    const claim = subjects.claim('desk', 'w1');
    // The server lets a worker ask under its own pool and name alone, and puts this in place of the reply that it named.
    const elsewhere = '_R_.account.question';
    expect(mayCall('scheduler.claim', from(claim, elsewhere))).toBe(true);
    expect(mayCall('scheduler.claim', from('rpc.scheduler.claim', elsewhere))).toBe(false);
    expect(mayCall('scheduler.claim', from('rpc.scheduler.claim.desk.*', elsewhere))).toBe(false);
    for (const reply of [`${subjects.inbox(workerUser('desk', 'w1'))}.1`, `${inbox}.1`, '_R_', 'job.granted.acme.x'])
      expect(mayCall('scheduler.claim', from(claim, reply))).toBe(false);
    // Nobody outside of the services' account may ask for what services ask each other.
    expect(mayCall('audit.timeline', from(SUBJECT, elsewhere))).toBe(false);
    expect(mayCall('policy.decide', from('rpc.policy.decide', elsewhere))).toBe(false);
  });

  test('behind a door of its own asks that door who may be answered', async () => {
    const door = await nats.bus('ingress');
    const handled: string[] = [];
    door.serveRaw('rpc.ingress.submit.*', {
      mayAnswer: (message) => message.reply?.startsWith('_INBOX_agent-acme.') ?? false,
      handle: async (message) => {
        handled.push(Buffer.from(message.data).toString());
        return { heard: true };
      },
    });
    await door.connection.flush();
    const answers = nats.peer.subscribe('_INBOX_agent-acme.1', { max: 1 });
    nats.peer.publish('rpc.ingress.submit.acme', 'stranger', { reply: '_INBOX_other.1' });
    nats.peer.publish('rpc.ingress.submit.acme', 'agent', { reply: '_INBOX_agent-acme.1' });
    const asked = createHash('sha256').update('agent').digest('base64url');
    for await (const answer of answers) expect(answer.json()).toEqual({ asked, ok: true, value: { heard: true } });
    expect(handled).toEqual(['agent']);
    await door.close();
  });

  test('that closes answers what it has begun', async () => {
    const entered = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const service = await serving(async () => {
      entered.resolve();
      await gate.promise;
      return { entries: [] };
    });
    const asked = ask({ timeout_ms: 25_000 });
    await entered.promise;
    const closing = service[Symbol.asyncDispose]();
    // Taken off the bus already.
    await waitUntil('nobody serves any more', async () =>
      (await causeOf(ask({ timeout_ms: 100 }))).endsWith('no_responders'),
    );
    gate.resolve();
    expect(await asked).toEqual({ entries: [] });
    await closing;
  });

  test('that closes answers what the server had sent it before', async () => {
    await using wire = await layWire(nats.server.url);
    const audit = await connectBus({ servers: wire.url, nkey_seed: createNatsKey().seed, user: 'audit' });
    audit.serve('audit.timeline', async () => ({ entries: [] }));
    await audit.check();
    wire.stall();
    const asked = ask({ timeout_ms: 25_000 });
    // Behind the question, by the connection that asked.
    await ingress.check();
    const closing = audit.close();
    wire.mend();
    expect(await asked).toEqual({ entries: [] });
    await closing;
  });
});

describe('without a connection', () => {
  test('what is published as it comes back arrives as it was written', async () => {
    await using wire = await layWire(nats.server.url);
    const { connection } = await connectBus({ servers: wire.url, nkey_seed: createNatsKey().seed, user: 'audit' });
    const heard: string[] = [];
    nats.peer.subscribe('written', { callback: (_, message) => void heard.push(message.string()) });
    await nats.peer.flush();
    wire.cut();
    await waitUntil('it notices', () => !connection.isConnected());
    // It dials, and keeps what is published until the server answers.
    wire.stall();
    const written = new Set<string>();
    const writing = setInterval(() => {
      if (connection.isConnected()) return;
      const text = `${written.size} ${'x'.repeat(written.size % 700)}`;
      written.add(text);
      connection.publish('written', text);
    }, 1);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    wire.mend();
    await waitUntil('it is back', () => connection.isConnected());
    clearInterval(writing);
    await connection.flush();
    await nats.peer.flush();
    expect(heard.length).toBeGreaterThan(0);
    expect(heard.filter((text) => !written.has(text))).toEqual([]);
    expect(new Set(heard).size).toBe(heard.length);
    await connection.drain();
  });

  test('nothing is sent, then or later: who called has given it up', async () => {
    using service = await playing((asked) => answering(asked, NOTHING));
    await nats.server.stop();
    await waitUntil('the bus notices', () => !ingress.connection.isConnected());
    const given_up = ingress.call('audit.timeline', { ...JOB, job_id: 'given-up' }, { timeout_ms: 30_000 });
    expect(await causeOf(given_up)).toBe('audit_unavailable: closed');
    expect(await codeOf(ingress.publish('any', 'anything', {}))).toBe('bus_unavailable');
    expect(await codeOf(ingress.check())).toBe('bus_unavailable');
    await nats.server.start();
    await waitUntil('the bus is back', () =>
      ingress.check().then(
        () => true,
        () => false,
      ),
    );
    await nats.peer.flush();
    await waitUntil('a call is answered again', () =>
      ask().then(
        () => true,
        () => false,
      ),
    );
    expect(service.asked.filter((text) => text.includes('given-up'))).toEqual([]);
  });
});
