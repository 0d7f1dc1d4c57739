/**
 * Signed HTTP requests (RFC 9421): what is taken, what is refused, and that a request is good once, for every instance and
 * after every restart. What the client signs is the one good request, and each attack changes one thing of it.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { createClient } from '@countersign/client/create-client';
import { openSigner, type Signer, signRequest } from '@countersign/client/sign-request';
import { signatureBase } from '@countersign/contracts/http-signature';
import { LIMITS } from '@countersign/contracts/limits';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AGENT, FOREIGN_AGENT, type RunningIngress, runIngress, TENANT } from './run-ingress.ts';

let ingress: RunningIngress;
let signer: Signer;
beforeAll(async () => {
  ingress = await runIngress();
  signer = await openSigner(AGENT, pemOf(ingress.signing_key));
});
afterAll(() => ingress[Symbol.asyncDispose]());

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}

function nowS(): number {
  return Math.floor(Date.now() / 1000);
}
const BODY = JSON.stringify({ topic: 'job.demo.read' });

type Signed = { method: string; url: string; headers: Record<string, string>; body?: string };
type Told = { status: number; code: string | undefined; at: string | undefined };

async function signed(changes: Partial<Signed> & { signer?: Signer } = {}): Promise<Signed> {
  const { signer: by = signer, ...rest } = changes;
  const unsigned = {
    method: 'POST',
    url: `${ingress.url}/api/v1/jobs`,
    body: BODY,
    ...rest,
    headers: { 'content-type': 'application/json', ...rest.headers },
  };
  return { ...unsigned, headers: await signRequest(by, unsigned) };
}

async function sendRaw({ method, url, headers, body }: Signed): Promise<Told> {
  const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
  const told = (await response.json()) as { code?: string; at?: string };
  return { status: response.status, code: told.code, at: told.at };
}

/** Signed by hand, so that anything can be said in the parameters. */
type Forged = { covered: string[]; terms: Record<string, string>; order?: string[] };

function terms(): Record<string, string> {
  return {
    created: String(nowS()),
    expires: String(nowS() + 60),
    nonce: `"${randomBytes(18).toString('base64url')}"`,
    keyid: `"${AGENT}"`,
    alg: '"ed25519"',
    tag: '"countersign"',
  };
}
const ALL = ['@method', '@authority', '@path', '@query', 'content-digest', 'content-type'];

async function forge(change: (forged: Forged) => void, key: KeyObject = ingress.signing_key): Promise<Signed> {
  const request = await signed();
  const forged: Forged = { covered: [...ALL], terms: terms() };
  change(forged);
  const params = `(${forged.covered.map((name) => `"${name}"`).join(' ')})${Object.entries(forged.terms)
    .map(([name, value]) => `;${name}=${value}`)
    .join('')}`;
  const { host, pathname } = new URL(request.url);
  const values: Record<string, string> = {
    '@method': 'POST',
    '@authority': host,
    '@path': pathname,
    '@query': '?',
    '@target-uri': request.url,
    '@scheme': 'http',
    ...request.headers,
  };
  const base = signatureBase(
    forged.covered.map((name) => [name, values[name] ?? '']),
    params,
  );
  const signature = sign(null, Buffer.from(base), key).toString('base64');
  return {
    ...request,
    headers: { ...request.headers, 'signature-input': `sig=${params}`, signature: `sig=:${signature}:` },
  };
}

describe('a signed request', () => {
  test('is taken as its agent, on every path that an agent may call', async () => {
    const client = createClient({ url: ingress.url, signer, tenant: TENANT });
    const submitted = await client.submit({ topic: 'job.demo.read', prompt: 'ü' }, { idempotency_key: 'signed-1' });
    expect(submitted).toMatchObject({ outcome: 'accepted', replayed: false });
    expect(await client.submit({ topic: 'job.demo.read', prompt: 'ü' }, { idempotency_key: 'signed-1' })).toMatchObject(
      {
        replayed: true,
      },
    );
    expect((await client.jobs({ limit: 5 })).jobs[0]).toMatchObject({ actor: AGENT });
    expect(await client.job(submitted.job_id)).toMatchObject({ job_id: submitted.job_id });
    await client.cancel(submitted.job_id);
    expect(ingress.peers.admitted.at(-1)).toMatchObject({
      actor: { id: AGENT, auth_method: 'signature' },
      key_id: null,
    });
  });

  test('made by hand, without alg or with any label, is the same', async () => {
    expect(await sendRaw(await forge(() => {}))).toMatchObject({ status: 202 });
    expect(await sendRaw(await forge(({ terms }) => delete terms.alg))).toMatchObject({ status: 202 });
    expect(await sendRaw(await forge(({ covered }) => covered.reverse()))).toMatchObject({ status: 202 });
  });

  test('may follow events, which end when its agent is revoked or it has no more to say', async () => {
    const client = createClient({ url: ingress.url, signer });
    const { job_id } = await client.submit({ topic: 'job.demo.read' });
    const url = `${ingress.url}/api/v1/jobs/${job_id}/events`;
    const response = await fetch(url, { headers: await signRequest(signer, { method: 'GET', url, headers: {} }) });
    expect(response.status).toBe(200);
    await response.body?.cancel();
  });

  test('may do no more than an agent', async () => {
    const url = `${ingress.url}/api/v1/approvals`;
    const headers = await signRequest(signer, { method: 'GET', url, headers: {} });
    expect(await sendRaw({ method: 'GET', url, headers })).toMatchObject({ status: 403, code: 'permission_missing' });
  });
});

describe('what is not as it was signed', () => {
  type Attack = [name: string, change: (request: Signed) => Signed | Promise<Signed>, code?: string, status?: number];
  const attacks: Attack[] = [
    ['another body', (r) => ({ ...r, body: `${BODY} ` })],
    [
      'another body with its own digest',
      async (r) => {
        const other = await signed({ body: '{"topic":"job.exec.shell"}' });
        return { ...other, headers: { ...r.headers, 'content-digest': other.headers['content-digest']! } };
      },
    ],
    ['no body', ({ body: _, ...r }) => r],
    ['another path', (r) => ({ ...r, url: r.url.replace('/jobs', '/policy/simulate') })],
    ['another query', (r) => ({ ...r, url: `${r.url}?x=1` })],
    ['another key for repetition', (r) => ({ ...r, headers: { ...r.headers, 'idempotency-key': 'other' } })],
    [
      'another type of its content',
      (r) => ({ ...r, headers: { ...r.headers, 'content-type': 'application/json; charset=utf-8' } }),
    ],
    ['another tenant', (r) => ({ ...r, headers: { ...r.headers, 'x-tenant-id': TENANT } })],
    ['no digest', (r) => without(r, 'content-digest')],
    ['no signature', (r) => without(r, 'signature')],
    ['no input', (r) => without(r, 'signature-input')],
    [
      'a signature of zeros',
      (r) => ({ ...r, headers: { ...r.headers, signature: `countersign=:${'A'.repeat(86)}==:` } }),
    ],
    [
      'a second label',
      (r) => ({
        ...r,
        headers: {
          ...r.headers,
          'signature-input': `${r.headers['signature-input']}, ${r.headers['signature-input']}`,
          signature: `${r.headers.signature}, ${r.headers.signature}`,
        },
      }),
    ],
    [
      'the label of another',
      (r) => ({ ...r, headers: { ...r.headers, signature: r.headers.signature!.replace('countersign', 'other') } }),
    ],
    [
      'a space more in the input',
      (r) => ({
        ...r,
        headers: { ...r.headers, 'signature-input': r.headers['signature-input']!.replace(';created', '; created') },
      }),
    ],
    [
      'base64 that ends otherwise',
      (r) => ({ ...r, headers: { ...r.headers, signature: r.headers.signature!.replace(/.==:$/, '/==:') } }),
    ],
    [
      'an endless input',
      (r) => ({ ...r, headers: { ...r.headers, 'signature-input': `countersign=(${'"a" '.repeat(2000)})` } }),
    ],
    [
      'an API key beside it',
      (r) => ({ ...r, headers: { ...r.headers, 'x-api-key': ingress.keys.agent } }),
      'unauthenticated',
    ],
    [
      'a bearer beside it',
      (r) => ({ ...r, headers: { ...r.headers, authorization: `Bearer ${ingress.keys.agent}` } }),
      'unauthenticated',
    ],
  ];
  const without = (request: Signed, name: string): Signed => {
    const { [name]: _, ...headers } = request.headers;
    return { ...request, headers };
  };
  test.each(attacks)('%s is refused, and nothing comes of it', async (_name, change, code = 'signature_invalid') => {
    const admitted = ingress.peers.admitted.length;
    expect(await sendRaw(await change(await signed()))).toMatchObject({ status: 401, code });
    expect(ingress.peers.admitted.length).toBe(admitted);
  });

  test('nor under another name of this door, nor by what a proxy claims', async () => {
    const request = await signed();
    const forwarded = {
      'x-forwarded-host': 'evil.example',
      forwarded: 'host=evil.example',
      'x-forwarded-for': '10.0.0.1',
      'x-original-url': '/api/v1/policy',
      'x-forwarded-proto': 'https',
    };
    expect(await sendRaw({ ...request, headers: { ...request.headers, ...forwarded } })).toMatchObject({ status: 202 });
    expect(await askAs('api.acme.example', await signed())).toBe(401);
    expect(await askAs('api.acme.example', await signed({ url: 'http://api.acme.example/api/v1/jobs' }))).toBe(202);
  });
  /** Asks under that name, at this address. */
  const askAs = (host: string, { method, url, headers, body }: Signed): Promise<number> =>
    new Promise((resolve, reject) => {
      const target = new URL(url);
      const sent = httpRequest(
        `${ingress.url}${target.pathname}`,
        { method, headers: { ...headers, host } },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode ?? 0);
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
});

describe('a signature by the right key', () => {
  type Case = [name: string, change: (forged: Forged) => void, code?: string];
  const cases: Case[] = [
    ...ALL.map((name): Case => [`that leaves out ${name}`, ({ covered }) => covered.splice(covered.indexOf(name), 1)]),
    ['that covers nothing', ({ covered }) => covered.splice(0)],
    ['over a component twice', ({ covered }) => covered.push('@method')],
    ['over a component that says what others say', ({ covered }) => covered.push('@target-uri')],
    ['over a header that is not there', ({ covered }) => covered.push('idempotency-key')],
    ...['created', 'expires', 'nonce', 'keyid', 'tag'].map(
      (name): Case => [`without ${name}`, ({ terms }) => delete terms[name]],
    ),
    ['under another algorithm', ({ terms }) => (terms.alg = '"hmac-sha256"')],
    ['under no algorithm', ({ terms }) => (terms.alg = '"none"')],
    ['under a number for an algorithm', ({ terms }) => (terms.alg = '1')],
    ['for another purpose', ({ terms }) => (terms.tag = '"web-bot-auth"')],
    ['with a parameter that nobody knows', ({ terms }) => (terms.audience = '"x"')],
    ['with a short nonce', ({ terms }) => (terms.nonce = '"short"')],
    ['with a key id that is a path', ({ terms }) => (terms.keyid = '"../../etc/passwd"')],
    ['with a key id that is SQL', ({ terms }) => (terms.keyid = `"' OR 1=1 --"`)],
    ['with a time as text', ({ terms }) => (terms.created = `"${nowS()}"`)],
    ['of an agent that nobody knows', ({ terms }) => (terms.keyid = '"nobody"'), 'unauthenticated'],
    ['of an agent without a key', ({ terms }) => (terms.keyid = '"second-agent"'), 'unauthenticated'],
    ['of a person', ({ terms }) => (terms.keyid = '"alice"'), 'unauthenticated'],
    ['of another agent', ({ terms }) => (terms.keyid = `"${FOREIGN_AGENT}"`)],
    [
      'from the future',
      ({ terms }) => Object.assign(terms, { created: String(nowS() + 120), expires: String(nowS() + 180) }),
      'signature_stale',
    ],
    [
      'that has ended',
      ({ terms }) => Object.assign(terms, { created: String(nowS() - 60), expires: String(nowS() - 1) }),
      'signature_stale',
    ],
    [
      'that ends before it begins',
      ({ terms }) => Object.assign(terms, { created: String(nowS() + 50), expires: String(nowS() + 40) }),
      'signature_stale',
    ],
    [
      'that lives too long',
      ({ terms }) => (terms.expires = String(nowS() + LIMITS.signature_life_ms / 1000 + 10)),
      'signature_stale',
    ],
  ];
  test.each(cases)('%s is refused', async (_name, change, code = 'signature_invalid') => {
    expect(await sendRaw(await forge(change))).toMatchObject({ status: 401, code });
  });
  test('a clock that is a little ahead or behind is none of these', async () => {
    for (const off of [-100, 50]) {
      const times = { created: String(nowS() + off), expires: String(nowS() + off + 120) };
      expect(await sendRaw(await forge(({ terms }) => Object.assign(terms, times)))).toMatchObject({ status: 202 });
    }
  });
  test('by another key is worth nothing', async () => {
    expect(await sendRaw(await forge(() => {}, generateKeyPairSync('ed25519').privateKey))).toMatchObject({
      status: 401,
      code: 'signature_invalid',
    });
  });
  test("of another tenant's agent reads nothing here", async () => {
    const foreign = await openSigner(FOREIGN_AGENT, pemOf(ingress.foreign_signing_key));
    expect(await sendRaw(await signed({ signer: foreign, headers: { 'x-tenant-id': TENANT } }))).toMatchObject({
      status: 403,
      code: 'tenant_forbidden',
    });
  });
});

describe('a request that was taken once', () => {
  test('is refused the second time, by every instance, at once and after a restart, whatever came of it', async () => {
    const request = await signed();
    expect(await sendRaw(request)).toMatchObject({ status: 202 });
    const admitted = ingress.peers.admitted.length;
    const replayed = { status: 401, code: 'signature_replayed' };
    expect(await sendRaw(request)).toMatchObject(replayed);
    const at = (url: string): Signed => ({ ...request, url: request.url.replace(ingress.url, url) });
    // The same Host reaches the other instance, as it would behind a proxy.
    for (let starts = 0; starts < 2; starts += 1) {
      await using another = await ingress.startAnother();
      expect(await askAt(another.url, request)).toMatchObject(replayed);
      expect(await sendRaw(at(another.url))).toMatchObject({ status: 401, code: 'signature_invalid' });
    }
    expect(ingress.peers.admitted.length).toBe(admitted);
    const denied = await signed({ body: '{"nonsense":true}' });
    expect(await sendRaw(denied)).toMatchObject({ status: 400 });
    expect(await sendRaw(denied)).toMatchObject(replayed);
  });

  test('is taken once of many at the same time', async () => {
    const request = await signed();
    await using another = await ingress.startAnother();
    const both = [ingress.url, another.url];
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => askAt(both[i % 2]!, request)));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(answers.filter(({ code }) => code === 'signature_replayed')).toHaveLength(19);
  });

  test('leaves a nonce that outlives it by more than two clocks may differ, and goes then', async () => {
    const [row] = await ingress.admin.query<{ left: string }>(
      `SELECT min(extract(epoch FROM expires_at - clock_timestamp()))::int AS left FROM identity.nonces`,
    );
    expect(Number(row!.left)).toBeGreaterThan(LIMITS.nonce_margin_ms / 1000 - 60);
    await ingress.admin.query(`UPDATE identity.nonces SET expires_at = clock_timestamp() - interval '1 second'`);
    const left = () => ingress.admin.query('SELECT FROM identity.nonces').then((rows) => rows.length);
    await using _ = await ingress.startAnother();
    await expect.poll(left).toBe(0);
  });

  const askAt = (url: string, { method, headers, body, url: signedUrl }: Signed): Promise<Told> =>
    new Promise((resolve, reject) => {
      const { host, pathname } = new URL(signedUrl);
      const sent = httpRequest(`${url}${pathname}`, { method, headers: { ...headers, host } }, async (answer) => {
        const told = JSON.parse(Buffer.concat(await answer.toArray()).toString()) as { code?: string; at?: string };
        resolve({ status: answer.statusCode ?? 0, code: told.code, at: told.at });
      });
      sent.on('error', reject);
      sent.end(body);
    });
});

test('a storm of unknown agents is bounded and counted, and locks out nobody who was known', async () => {
  expect(await sendRaw(await signed())).toMatchObject({ status: 202 });
  const attack = (n: number) => forge(({ terms }) => (terms.keyid = `"ghost-${n}"`));
  const codes = new Map<string | undefined, number>();
  for (let n = 0; n <= LIMITS.wrong_keys + 20; n += 1) {
    const { code } = await sendRaw(await attack(n));
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  expect(codes.get('too_many_requests')).toBeGreaterThan(0);
  expect(await sendRaw(await signed())).toMatchObject({ status: 202 });
  const text = await (await fetch(`${ingress.health_url}/metrics`)).text();
  const counted = (code: string): number =>
    Number(
      new RegExp(`credentials_refused_total\\{[^}]*method="signature",code="${code}"[^}]*\\} (\\d+)`).exec(text)?.[1],
    );
  expect(counted('unauthenticated')).toBeGreaterThanOrEqual(codes.get('unauthenticated')!);
  expect(counted('too_many_requests')).toBe(codes.get('too_many_requests'));
});
