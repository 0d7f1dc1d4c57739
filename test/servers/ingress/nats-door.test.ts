import { createHash, randomBytes, sign } from 'node:crypto';
import { CountersignError, type Failure } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { subjects } from '@countersign/contracts/subjects';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { decideByTopic } from '../../cases/ingress/play-peers.ts';
import { AGENT, FOREIGN_AGENT, type RunningIngress, runIngress, TENANT } from './run-ingress.ts';

let ingress: RunningIngress;
let agent: NatsConnection;
beforeAll(async () => {
  ingress = await runIngress();
  agent = await ingress.nats.connectAs(`agent-${TENANT}`);
});
afterAll(() => ingress[Symbol.asyncDispose]());
afterEach(() => {
  ingress.peers.beforeAdmit = () => {};
  ingress.peers.decide = decideByTopic;
  ingress.peers.admitted.length = 0;
});

function newNonce(): string {
  return randomBytes(16).toString('base64url');
}
type Draft = { agent: string; timestamp: string; nonce: string; request: Record<string, unknown>; signature?: string };

function draft(more: Partial<Draft> = {}): Draft {
  return {
    agent: AGENT,
    timestamp: new Date().toISOString(),
    nonce: newNonce(),
    request: { topic: 'job.demo.read' },
    ...more,
  };
}

function signFor(subject: string, unsigned: Draft, key = ingress.signing_key): Draft {
  return {
    ...unsigned,
    signature: sign(null, Buffer.from(canonicalize({ ...unsigned, subject })), key).toString('base64url'),
  };
}

type Reply = { ok: true; value: Record<string, unknown> } | { ok: false; error: Failure };

async function ask(message: unknown, subject = subjects.rpcSubmit(TENANT)): Promise<Reply> {
  const text = typeof message === 'string' ? message : JSON.stringify(message);
  const reply = await agent.request(subject, text, { timeout: 5_000, noMux: false });
  return reply.json<Reply>();
}

function askSigned(more: Partial<Draft> = {}) {
  return ask(signFor(subjects.rpcSubmit(TENANT), draft(more)));
}

describe('a signed request', () => {
  test('is answered at once, with what HTTP answers and the status', async () => {
    const reply = await askSigned({ request: { topic: 'job.demo.read', payload: { a: 1 } } });
    expect(reply).toMatchObject({
      ok: true,
      value: { status: 202, state: 'cleared', decision: 'allow', tenant: TENANT },
    });
    expect(ingress.peers.admitted).toMatchObject([
      {
        actor: { id: AGENT, owner: 'olivia', auth_method: 'signature' },
        idempotency_key: expect.stringMatching(/^nonce:/),
      },
    ]);
  });

  test('is named by its answer: its nonce, and the digest of what arrived, refused or not', async () => {
    const subject = subjects.rpcSubmit(TENANT);
    const text = JSON.stringify(signFor(subject, draft()));
    const forged = JSON.stringify({ ...signFor(subject, draft()), nonce: newNonce() });
    const asked = (sent: string): string => createHash('sha256').update(sent).digest('base64url');
    const { nonce } = JSON.parse(text) as Draft;
    expect(await ask(text)).toMatchObject({
      ok: true,
      asked: asked(text),
      value: { nonce, job_id: expect.any(String) },
    });
    expect(await ask(forged)).toMatchObject({ ok: false, asked: asked(forged), error: { code: 'signature_invalid' } });
  });

  test('that is denied is answered as a value', async () => {
    const reply = await askSigned({ request: { topic: 'job.exec.shell' } });
    expect(reply).toMatchObject({ ok: true, value: { status: 403, code: 'denied', rule_id: 'deny-exec' } });
  });

  test('with the same nonce gets the first answer; with another body a conflict', async () => {
    const nonce = newNonce();
    const first = await askSigned({ nonce });
    const again = await askSigned({ nonce });
    if (!first.ok || !again.ok) throw new Error('refused');
    expect(again.value).toMatchObject({ job_id: first.value.job_id, replayed: true });
    const other = await askSigned({ nonce, request: { topic: 'job.demo.read', prompt: 'x' } });
    expect(other).toMatchObject({ ok: false, error: { code: 'idempotency_conflict' } });
  });

  test('covers every field of the request, defaults or not', async () => {
    const subject = subjects.rpcSubmit(TENANT);
    const signed = signFor(subject, draft({ request: { topic: 'job.demo.read', labels: { env: 'dev' } } }));
    for (const altered of [
      { ...signed, request: { topic: 'job.demo.read', labels: { env: 'prod' } } },
      { ...signed, request: { topic: 'job.demo.read', labels: { env: 'dev' }, priority: 9 } },
      { ...signed, nonce: newNonce() },
      { ...signed, timestamp: new Date(Date.now() + 1_000).toISOString() },
      { ...signed, signature: randomBytes(64).toString('base64url') },
      { ...signed, signature: '' },
    ]) {
      expect(await ask(altered)).toMatchObject({ ok: false, error: { code: 'signature_invalid' } });
    }
    expect(ingress.peers.admitted).toHaveLength(0);
    expect(await ask(signed)).toMatchObject({ ok: true });
  });

  test('is good for the subject it was signed for and for no other', async () => {
    const signed = signFor(subjects.submit(TENANT, 'job.demo.read'), draft());
    expect(await ask(signed)).toMatchObject({ ok: false, error: { code: 'signature_invalid' } });
  });

  test.each([
    ['too old', -1],
    ['from the future', 1],
  ])('that is %s is stale', async (_name, direction) => {
    const away = direction * (LIMITS.signature_skew_ms + 10_000);
    const timestamp = new Date(Date.now() + away).toISOString();
    expect(await askSigned({ timestamp })).toMatchObject({ ok: false, error: { code: 'signature_stale' } });
  });

  test.each([
    ['nobody', 'nobody', 'unauthenticated'],
    ['an agent without a key', 'second-agent', 'unauthenticated'],
    ['a human', 'alice', 'unauthenticated'],
  ])('of %s is refused', async (_name, who, code) => {
    expect(await askSigned({ agent: who })).toMatchObject({ ok: false, error: { code } });
  });

  test("on another tenant's subject is refused, by the server and by ingress", async () => {
    const other = await ingress.nats.connectAs('agent-other');
    const subject = subjects.rpcSubmit('other');
    const reply = await other.request(subject, JSON.stringify(signFor(subject, draft())), { timeout: 20_000 });
    expect(reply.json()).toMatchObject({ ok: false, error: { code: 'tenant_forbidden' } });
  });

  test.each([
    ['no JSON', '{', 'json_malformed', expect.any(String)],
    ['a duplicate key', '{"agent":"a","agent":"b"}', 'json_duplicate_key', expect.any(String)],
    ['an unknown field', JSON.stringify({ ...draft(), signature: 'x', role: 'root' }), 'field_unknown', '/role'],
    [
      'a wildcard topic',
      JSON.stringify({ ...draft({ request: { topic: 'job.*' } }), signature: 'x' }),
      'field_invalid',
      '/request/topic',
    ],
    ['a short nonce', JSON.stringify({ ...draft({ nonce: 'x' }), signature: 'x' }), 'field_invalid', '/nonce'],
  ])('that is %s is refused with the place', async (_name, text, code, at) => {
    expect(await ask(text)).toMatchObject({ ok: false, error: { code, at } });
  });

  test('that is too large is refused', async () => {
    const text = JSON.stringify(
      draft({ request: { topic: 'job.demo.read', payload: { x: 'x'.repeat(LIMITS.request_bytes + 8_192) } } }),
    );
    expect(await ask(text)).toMatchObject({ ok: false, error: { code: 'json_too_large' } });
  });

  test('is answered in the account that it came from, whatever inbox it names', async () => {
    const heard: string[] = [];
    const spy = await ingress.nats.connectAs('agent-other');
    spy.subscribe('_INBOX_agent-other.>', { callback: (_error, message) => void heard.push(message.subject) });
    await spy.flush();
    const subject = subjects.rpcSubmit(TENANT);
    agent.publish(subject, JSON.stringify(signFor(subject, draft())), { reply: '_INBOX_agent-other.x' });
    await agent.flush();
    expect(await askSigned()).toMatchObject({ ok: true });
    await spy.flush();
    expect(heard).toEqual([]);
    expect(ingress.peers.admitted).toHaveLength(2);
  });
});

describe('the intake', () => {
  const publish = async (unsigned: Draft, tenant = TENANT, topic = 'job.demo.read'): Promise<void> => {
    const subject = subjects.submit(tenant, topic);
    await jetstream(agent, { checkAPI: false } as never).publish(subject, JSON.stringify(signFor(subject, unsigned)));
  };
  const unread = async (tenant: string): Promise<number> => {
    const connection = await ingress.nats.connectAs('provisioner');
    const { streams } = await jetstreamManager(connection, { checkAPI: false });
    const { state } = await streams.info(`INTAKE_${tenant}`);
    await connection.close();
    return state.messages;
  };
  const waiting = (): Promise<number> => unread(TENANT);
  const refused = async (code: string): Promise<number> => {
    const text = await (await fetch(`${ingress.health_url}/metrics`)).text();
    return Number(new RegExp(`intake_refused_total\\{code="${code}"[^}]*\\} (\\d+)`).exec(text)?.[1] ?? 0);
  };

  test('is admitted as through the other door, and then forgotten', async () => {
    await publish(draft({ request: { topic: 'job.demo.read', job_id: 'from-stream' } }));
    await expect.poll(() => ingress.peers.jobs.has('from-stream')).toBe(true);
    await expect.poll(waiting).toBe(0);
  });

  test('keeps what meets an outage, and admits it once when that is over', async () => {
    let down = true;
    let tried = 0;
    ingress.peers.beforeAdmit = () => {
      tried += 1;
      if (down) throw new CountersignError('database_unavailable');
    };
    await publish(draft({ request: { topic: 'job.demo.read', job_id: 'patient' } }));
    await expect.poll(() => tried).toBeGreaterThan(1);
    expect(await waiting()).toBe(1);
    down = false;
    await expect.poll(waiting).toBe(0);
    expect(ingress.peers.admitted).toHaveLength(1);
  });

  test('judges freshness by the time at which it was stored', async () => {
    let [stale_at, job_id] = [0, ''];
    ingress.peers.beforeAdmit = () => {
      if (Date.now() < stale_at) throw new CountersignError('overloaded');
    };
    // Stored before it is stale: later where this machine takes long.
    for (const left_ms of [2_000, 8_000, 32_000]) {
      stale_at = Date.now() + left_ms;
      job_id = `was-fresh-${left_ms}`;
      const timestamp = new Date(stale_at - LIMITS.signature_skew_ms).toISOString();
      await publish(draft({ timestamp, request: { topic: 'job.demo.read', job_id } }));
      if (Date.now() < stale_at) break;
    }
    await expect.poll(() => ingress.peers.jobs.has(job_id), { timeout: 60_000 }).toBe(true);
  });

  test.each<[string, () => Promise<void>, string]>([
    ['a request that names another topic', () => publish(draft(), TENANT, 'job.demo.other'), 'field_invalid'],
    ['a stale one', () => publish(draft({ timestamp: '2026-01-01T00:00:00Z' })), 'signature_stale'],
    ['one of nobody', () => publish(draft({ agent: 'nobody' })), 'unauthenticated'],
  ])('drops %s for good, and counts it', async (_name, send, code) => {
    const before = await refused(code);
    await send();
    await expect.poll(() => refused(code)).toBe(before + 1);
    await expect.poll(waiting).toBe(0);
    expect(ingress.peers.admitted).toHaveLength(0);
  });

  test('drops what the kernel refuses as well, and leaves its neighbours alone', async () => {
    ingress.peers.decide = (item) => {
      if (item.request.prompt === 'bad') throw new CountersignError('facts_contradicted');
      return decideByTopic(item);
    };
    const jobs = ['good', 'bad', 'good'].map((prompt) =>
      publish(draft({ request: { topic: 'job.demo.read', prompt } })),
    );
    await Promise.all(jobs);
    await expect.poll(waiting).toBe(0);
    expect(ingress.peers.admitted).toHaveLength(2);
  });

  const isReady = async (): Promise<boolean> => (await fetch(`${ingress.health_url}/readyz`)).status === 200;

  test('of one tenant is full: its agents are refused, and another tenant’s request is taken and answered', async () => {
    ingress.peers.decide = (item) => {
      if (item.request.tenant === TENANT) throw new CountersignError('database_unavailable');
      return decideByTopic(item);
    };
    const large = 'x'.repeat(LIMITS.prompt_chars);
    const filled = async (): Promise<boolean> => {
      const request = { topic: 'job.demo.read', prompt: large };
      return publish(draft({ request })).then(
        () => false,
        (thrown: Error) => /maximum bytes exceeded/.test(thrown.message),
      );
    };
    for (let tries = 0; !(await filled()); tries += 1) expect(tries).toBeLessThan(200);
    await expect.poll(fullShares).toEqual([`INTAKE_${TENANT}`]);
    expect(await isReady()).toBe(true);

    const foreign = await ingress.nats.connectAs('agent-other');
    const subject = subjects.submit('other', 'job.demo.read');
    const request = { topic: 'job.demo.read', job_id: 'beside-a-flood' };
    const signed = signFor(subject, draft({ agent: FOREIGN_AGENT, request }), ingress.foreign_signing_key);
    await jetstream(foreign, { checkAPI: false } as never).publish(subject, JSON.stringify(signed));
    await expect.poll(() => ingress.peers.jobs.has('beside-a-flood')).toBe(true);

    ingress.peers.decide = decideByTopic;
    // Megabytes, each looked at and decided.
    await expect.poll(waiting, { timeout: 90_000 }).toBe(0);
  }, 180_000);
  const fullShares = async (): Promise<string[]> => {
    const text = await (await fetch(`${ingress.health_url}/metrics`)).text();
    return [...text.matchAll(/stream_faults\{([^}]*)\} 1$/gm)]
      .filter(([, labels]) => labels!.includes('fault="full"'))
      .map(([, labels]) => /stream="([^"]+)"/.exec(labels!)![1]!);
  };

  test('of a tenant that is registered while all run is there within moments', async () => {
    await ingress.registerBusUser({ kind: 'agent', tenant: 'late' });
    const late = await ingress.nats.connectAs('agent-late');
    const leave = async (): Promise<unknown> =>
      (await late.request('job.submit.late.demo.read', 'unsigned', { timeout: 20_000 }).catch(() => null))?.json();
    await expect.poll(leave).toMatchObject({ stream: 'INTAKE_late' });
    await expect.poll(() => unread('late')).toBe(0);
    await publish(draft({ request: { topic: 'job.demo.read', job_id: 'beside-a-new-tenant' } }));
    await expect.poll(() => ingress.peers.jobs.has('beside-a-new-tenant')).toBe(true);
    expect(await isReady()).toBe(true);
  });
});
