/** Every wrong request is the caller's fault, with a stable code and the place, and reaches nobody. */
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import type { ErrorBody } from '@countersign/contracts/http';
import { LIMITS } from '@countersign/contracts/limits';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { BAD_BODIES } from './bad-bodies.ts';
import { type RunningIngress, runIngress } from './run-ingress.ts';

let ingress: RunningIngress;
beforeAll(async () => {
  ingress = await runIngress();
});
afterAll(() => ingress[Symbol.asyncDispose]());
afterEach(() => {
  const reached = [...ingress.peers.decided.splice(0), ...ingress.peers.admitted.splice(0)];
  expect(reached).toEqual([]);
});

const topic = 'job.demo.read';

describe.each(['/jobs', '/policy/simulate', '/policy/explain'])('POST %s refuses', (path) => {
  test.each(BAD_BODIES)('%s', async (_name, body, code, at) => {
    const reply = await ingress.post(path, body);
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ code, trace_id: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(reply.body.at).toEqual(at ?? (code === 'json_too_deep' ? expect.anything() : undefined));
  });
});

test('all faults of one body are named, and no value is repeated', async () => {
  const { body } = await ingress.post('/jobs', {
    topic: 'JOB',
    labels: { Env: 'hunter2' },
    priority: 'hunter2',
    nope: 1,
  });
  for (const place of ['/topic', '/labels/Env', '/priority', '/nope']) expect(body.detail).toContain(place);
  expect(body.detail).not.toContain('hunter2');
});

test('a body with very many faults is answered briefly', async () => {
  const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`field_${i}`, i]));
  const { body } = await ingress.post('/jobs', { topic, ...many });
  expect(body.detail).toContain('and 4990 more');
  expect(body.detail?.length).toBeLessThan(2_000);
});

describe('a body that is too large', () => {
  const headers = { 'x-api-key': '', 'content-type': 'application/json' };
  const ask = (more: Record<string, string>, first: string): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const sent = httpRequest(`${ingress.url}/api/v1/jobs`, {
        method: 'POST',
        headers: { ...headers, 'x-api-key': ingress.keys.agent, ...more },
      });
      sent.on('response', async (response) => {
        let text = '';
        for await (const chunk of response) text += chunk;
        sent.destroy();
        resolve({ status: response.statusCode!, text });
      });
      sent.on('error', reject);
      sent.write(first);
    });

  test('by its declared length is refused before a byte of it is read', async () => {
    const { status, text } = await ask({ 'content-length': String(2 * 1024 * 1024) }, '{');
    expect({ status, code: JSON.parse(text).code }).toEqual({ status: 413, code: 'json_too_large' });
  });

  test('and of unknown length, as soon as it is too long', async () => {
    const { status, text } = await ask({}, `{"prompt":"${'x'.repeat(LIMITS.request_bytes)}`);
    expect({ status, code: JSON.parse(text).code }).toEqual({ status: 413, code: 'json_too_large' });
  });

  test('is refused as well when sent whole', async () => {
    const reply = await ingress.post('/jobs', { topic, payload: { x: 'x'.repeat(2 * 1024 * 1024) } });
    expect(reply).toMatchObject({ status: 413, body: { code: 'json_too_large' } });
  });

  test('also when only its canonical form is: numbers can be written short', async () => {
    const numbers = `[${Array.from({ length: 90_000 }, () => '9e15').join(',')}]`;
    const reply = await ingress.post('/jobs', `{"topic":"${topic}","payload":{"n":${numbers}}}`);
    expect(reply).toMatchObject({ status: 413, body: { code: 'json_too_large' } });
  });

  test('by one byte is refused, and without it goes on to be parsed', async () => {
    const fill = (bytes: number) => `{"topic":"job.*","prompt":"${'x'.repeat(bytes - 29)}"}`;
    expect(await ingress.post('/jobs', fill(LIMITS.request_bytes + 1))).toMatchObject({ status: 413 });
    expect(await ingress.post('/jobs', fill(LIMITS.request_bytes))).toMatchObject({
      status: 400,
      body: { at: '/topic' },
    });
  });
});

describe('what is not a request body', () => {
  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1', ''])(
    'content type %j',
    async (type) => {
      const reply = await ingress.post('/jobs', { topic }, { headers: { 'content-type': type } });
      expect(reply).toMatchObject({ status: 415, body: { code: 'media_type_unsupported' } });
    },
  );

  test('bytes that are no UTF-8', async () => {
    const response = await fetch(`${ingress.url}/api/v1/jobs`, {
      method: 'POST',
      headers: { 'x-api-key': ingress.keys.agent, 'content-type': 'application/json' },
      body: Buffer.concat([Buffer.from('{"topic":"'), Buffer.from([0xff]), Buffer.from('"}')]),
    });
    expect([response.status, ((await response.json()) as ErrorBody).code]).toEqual([400, 'json_bad_utf8']);
  });

  test.each(['with space', 'x'.repeat(LIMITS.idempotency_key_chars + 1), ''])('Idempotency-Key %j', async (key) => {
    const reply = await ingress.post('/jobs', { topic }, { headers: { 'idempotency-key': key } });
    expect(reply).toMatchObject({ status: 400, body: { code: 'field_invalid', at: 'Idempotency-Key' } });
  });
});

describe('paths and methods', () => {
  test('a path that does not exist is 404', async () => {
    expect(await ingress.get('/nothing')).toMatchObject({ status: 404, body: { code: 'not_found' } });
    const outside = await fetch(`${ingress.url}/nowhere`);
    expect([outside.status, ((await outside.json()) as ErrorBody).code]).toEqual([404, 'not_found']);
  });

  test.each([
    ['DELETE', '/jobs', 'POST, GET, HEAD'],
    ['PUT', '/jobs/some-job', 'GET, HEAD'],
    ['HEAD', '/policy/simulate', 'POST'],
  ])('%s %s is 405 and says what is allowed', async (method, path, allow) => {
    const reply = await ingress.get(path, { method });
    expect([reply.status, reply.headers.get('allow')]).toEqual([405, allow]);
    if (method !== 'HEAD') expect(reply.body.code).toBe('method_not_allowed');
  });

  test.each(['/jobs/a%00b', '/jobs/%zz', '/jobs/a%2Fb', `/jobs/${'x'.repeat(65)}`, '/approvals/not-a-uuid'])(
    'GET %s finds nothing',
    async (path) => {
      const key = path.startsWith('/approvals') ? ingress.keys.approver : ingress.keys.agent;
      expect(await ingress.get(path, { key })).toMatchObject({ status: 404, body: { code: 'not_found' } });
    },
  );

  test.each([
    ['?state=nope', '/state'],
    ['?limit=0', '/limit'],
    ['?limit=1e9', '/limit'],
    ['?limit=1&limit=2', '/limit'],
    ['?topic=job.a*', '/topic'],
    ['?label=env', '/label'],
    ['?colour=red', '/colour'],
    [`?cursor=${'x'.repeat(201)}`, '/cursor'],
  ])('GET /jobs%s is a wrong query', async (query, at) => {
    expect(await ingress.get(`/jobs${query}`)).toMatchObject({ status: 400, body: { code: 'query_invalid', at } });
  });

  test('HEAD answers as GET does, without a body', async () => {
    const reply = await ingress.get('/jobs', { method: 'HEAD' });
    expect(reply).toMatchObject({ status: 200, body: { text: '' } });
  });
});

describe('below HTTP', () => {
  const raw = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(ingress.url);
      let seen = '';
      const socket = connect(Number(port), hostname, () => socket.write(text));
      socket.on('data', (data) => {
        seen += data;
      });
      socket.on('close', () => resolve(seen));
      socket.on('error', reject);
    });

  test('a huge header is 431, as JSON', async () => {
    const seen = await raw(`GET /api/v1/jobs HTTP/1.1\r\nhost: x\r\nx-api-key: ${'k'.repeat(64 * 1024)}\r\n\r\n`);
    expect(seen).toMatch(/^HTTP\/1\.1 431 /);
    expect(seen).toContain('"code":"headers_too_large"');
  });

  test('what is no HTTP is 400, as JSON', async () => {
    const seen = await raw('hello there\r\n\r\n');
    expect(seen).toMatch(/^HTTP\/1\.1 400 /);
    expect(seen).toContain('"code":"http_malformed"');
  });

  test('a target that is no URL is 400, as JSON', async () => {
    const seen = await raw('GET http://[ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    expect(seen).toMatch(/^HTTP\/1\.1 400 /);
    expect(seen).toContain('"code":"http_malformed"');
  });

  test('two lengths in one request are refused', async () => {
    const seen = await raw(
      'POST /api/v1/jobs HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    );
    expect(seen).toMatch(/^HTTP\/1\.1 400 /);
  });
});
