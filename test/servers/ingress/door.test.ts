/**
 * What the door itself answers, whatever stands behind it: to strangers, to guesses, to what it does not take, and under
 * which name.
 */
import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { LIMITS } from '@countersign/contracts/limits';
import { newApiKey } from '@countersign/ingress/api-key';
import { boundGuesses } from '@countersign/ingress/bound-guesses';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf } from '../../harness/code-of.ts';
import { askUnderName } from './ask-under-name.ts';
import { type RunningIngress, runIngress } from './run-ingress.ts';

let ingress: RunningIngress;
beforeAll(async () => {
  ingress = await runIngress();
});
afterAll(() => ingress[Symbol.asyncDispose]());

describe('what is not there', () => {
  test("and what is another's, or no name at all, are told apart by nothing", async () => {
    const { other_agent, auditor } = ingress.keys;
    const theirs = (await ingress.post('/jobs', { topic: 'job.demo.read' }, { key: other_agent })).body
      .job_id as string;
    const ids = [theirs, randomUUID(), 'x'.repeat(65)];
    const parts = ['', '/decisions', '/timeline', '/record', '/result', '/events'];
    const asked = [
      ...ids.flatMap((id) => parts.map((part) => ingress.get(`/jobs/${id}${part}`))),
      ...ids.map((id) => ingress.post(`/jobs/${id}/cancel`, {})),
      ...ids
        .slice(1)
        .flatMap((id) =>
          ['/timeline', '/decisions', ''].map((part) => ingress.get(`/jobs/${id}${part}`, { key: auditor })),
        ),
      ingress.get('/nothing'),
    ];
    for (const { status, body } of await Promise.all(asked)) {
      const { trace_id: _, ...told } = body;
      expect({ status, told }).toEqual({ status: 404, told: { code: 'not_found', detail: 'there is no such thing' } });
    }
  });
});

describe('a number in a path or query', () => {
  test.each(['1e1', '0x10', '+5', '%205', '5%20', '5.0', '05', '', '-0', 'Infinity', '５'])(
    'is digits, not "%s"',
    async (text) => {
      expect(await ingress.get(`/jobs?limit=${text}`)).toMatchObject({
        status: 400,
        body: { code: 'query_invalid', at: '/limit' },
      });
      if (text === '') return;
      const path = `/policy/bundles/${encodeURIComponent(decodeURIComponent(text))}/activate`;
      expect(await ingress.post(path, {}, { key: ingress.keys.admin })).toMatchObject({ status: 404 });
    },
  );
  test('is taken as it stands', async () => {
    expect((await ingress.get('/jobs?limit=5')).status).toBe(200);
  });
});

describe('a body', () => {
  test.each(['gzip', 'deflate', 'br', 'zstd', 'identity, gzip'])(
    'under %s is refused by name, on every path',
    async (encoding) => {
      const headers = { 'content-encoding': encoding };
      for (const [path, key] of [
        ['/jobs', 'agent'],
        ['/policy/bundles', 'admin'],
      ] as const) {
        const response = await fetch(`${ingress.url}/api/v1${path}`, {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/json', 'x-api-key': ingress.keys[key] },
          body: gzipSync('{"topic":"job.demo.read"}'),
        });
        expect(response.status).toBe(415);
        expect(await response.json()).toMatchObject({ code: 'media_type_unsupported', at: 'Content-Encoding' });
      }
    },
  );

  test('with a byte order mark is told so', async () => {
    const reply = await ingress.post('/jobs', '\ufeff{"topic":"job.demo.read"}');
    expect(reply).toMatchObject({ status: 400, body: { code: 'json_malformed' } });
    expect(reply.body.detail).toContain('byte order mark');
  });

  test('with a number that would be rounded is refused', async () => {
    const reply = await ingress.post('/jobs', '{"topic":"job.demo.read","payload":{"amount":1e-400}}');
    expect(reply).toMatchObject({
      status: 400,
      body: { code: 'json_unsafe_number', at: expect.stringContaining('/payload/amount') },
    });
  });
});

describe('the documents', () => {
  test.each(['/docs', '/openapi.json'])('%s cannot be framed, sniffed or linked out of', async (path) => {
    const { headers } = await fetch(`${ingress.url}${path}`);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  });
});

describe('under another name', () => {
  test.each(['evil.example', 'evil.example:8081', 'localhost.evil.example', '127.0.0.1.evil.example'])(
    '"%s" nothing is served, with a key or without',
    async (host) => {
      for (const path of ['/docs', '/openapi.json', '/api/v1/jobs', '/nothing']) {
        expect(await askUnderName(ingress.url, host, path, ingress.keys.agent), path).toMatchObject({
          status: 421,
          code: 'host_unknown',
        });
      }
    },
  );
  test.each(['127.0.0.1', '127.0.0.1:1', 'localhost:9', '[::1]:8081', '10.0.0.7', 'api.localhost', 'api.acme.example'])(
    '"%s" it is, as an address or as it is set',
    async (host) => {
      expect(await askUnderName(ingress.url, host, '/api/v1/jobs', ingress.keys.agent)).toMatchObject({ status: 200 });
    },
  );
});

describe('wrong keys', () => {
  test('are looked up so often and no oftener, while a key that was right goes on', async () => {
    expect((await ingress.get('/jobs')).status).toBe(200);
    let tried = 0;
    for (let status = 401; status === 401; tried += 1) {
      if (tried > 3 * LIMITS.wrong_keys) throw new Error('never refused');
      const reply = await ingress.get('/jobs', { key: newApiKey() });
      ({ status } = reply);
      if (status === 401) continue;
      expect(reply).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
      expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(tried).toBeGreaterThanOrEqual(LIMITS.wrong_keys);
    expect((await ingress.get('/jobs')).status).toBe(200);
    // Each second one more may be tried.
    await expect.poll(async () => (await ingress.get('/jobs', { key: 'sk-guess' })).status).toBe(429);
  });

  let now = 0;
  const guesses = () => {
    const { take } = boundGuesses(() => now);
    return { take: (address: string, key: string) => take(address, key.slice(0, LIMITS.key_prefix_chars)) };
  };
  const key = (beginning: string, n: number): string => `cs_${beginning}${String(n).padStart(40, '0')}`;
  const codeOfTake = (take: () => unknown) => codeOf((async () => take())());

  test('are counted by network and by beginning, and forgotten with time', async () => {
    const { take } = guesses();
    for (let n = 0; n < LIMITS.wrong_keys; n += 1) take('2001:db8:1:2::7', key(`${100 + n}`, n));
    expect(await codeOfTake(() => take('2001:db8:1:2:ffff::1', key('zzz', 1)))).toBe('too_many_requests');
    expect(await codeOfTake(() => take('2001:db8:1:3::7', key('zzz', 1)))).toBe('none');
    now += LIMITS.wrong_key_ms;
    expect(await codeOfTake(() => take('2001:db8:1:2::9', key('zzz', 1)))).toBe('none');
    expect(await codeOfTake(() => take('2001:db8:1:2::9', key('zzy', 1)))).toBe('too_many_requests');
    for (let n = 0; n < LIMITS.wrong_keys; n += 1) take(`10.0.${n}.1`, key('one', n));
    expect(await codeOfTake(() => take('10.9.9.9', key('one', 1)))).toBe('too_many_requests');
  });

  test('that turn out right cost nothing', () => {
    const { take } = guesses();
    for (let n = 0; n < 3 * LIMITS.wrong_keys; n += 1) take('10.0.0.1', key('abc', n))();
  });

  test('fill no memory: the quietest source is forgotten first', async () => {
    const { take } = guesses();
    for (let n = 0; n < LIMITS.wrong_keys; n += 1) take('10.0.0.1', key(`${100 + n}`, n));
    for (let n = 0; n < LIMITS.wrong_key_sources; n += 1) take(`10.1.${n >> 8}.${n & 255}`, `k${n}`);
    expect(await codeOfTake(() => take('10.0.0.1', key('zzz', 1)))).toBe('none');
  });
});

test('bodies that a tenant holds open take no more memory than its share, and another tenant finds room', async () => {
  const { agent, other_agent } = ingress.keys;
  const headers = { 'x-api-key': agent, 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
  // Of no length that was said, so each may be as long as one may be.
  const share = LIMITS.door_bytes / LIMITS.request_bytes / 2;
  const open = Array.from({ length: share }, () => {
    const asking = request(`${ingress.url}/api/v1/jobs`, { method: 'POST', headers });
    asking.on('error', () => undefined);
    asking.write('{');
    return asking;
  });
  const ask = (key: string) => ingress.post('/jobs', { topic: 'job.demo.read' }, { key });
  try {
    await expect.poll(async () => (await ask(agent)).status).toBe(429);
    const refused = await ask(agent);
    expect(refused).toMatchObject({ status: 429, body: { code: 'share_exceeded' } });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect((await ask(other_agent)).status).toBe(202);
    // What has no body takes no part of it.
    expect((await ingress.get(`/jobs/${randomUUID()}`)).status).toBe(404);
  } finally {
    for (const asking of open) asking.destroy();
  }
  await expect.poll(async () => (await ask(agent)).status).toBe(202);
});
