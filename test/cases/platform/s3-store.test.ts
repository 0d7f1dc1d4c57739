/** The store behind the S3 API, against a real server of it, and the signature against the vector of its specification. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
// @ts-expect-error it comes without types
import S3rver from '@20minutes/s3rver';
import { CountersignError } from '@countersign/contracts/errors';
import { openS3Store, type S3Options, s3Setting, signV4 } from '@countersign/platform/s3-store';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** Of which the server verifies signatures. */
const OWN = { region: 'us-east-1', bucket: 'evidence', access_key_id: 'S3RVER', secret_access_key: 'S3RVER' };

let server: { run(): Promise<{ port: number }>; close(): Promise<void> };
let options: S3Options;
const directory = mkdtempSync(join(tmpdir(), 's3-'));
beforeAll(async () => {
  const configureBuckets = [{ name: OWN.bucket }];
  server = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory,
    configureBuckets,
    vhostBuckets: false,
  });
  const { port } = await server.run();
  options = s3Setting.parse(JSON.stringify({ ...OWN, endpoint: `http://127.0.0.1:${port}` }));
});
afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

async function refusal(work: Promise<unknown>): Promise<string> {
  const thrown = await work.catch((error: unknown) => error);
  return thrown instanceof CountersignError ? `${thrown.code}: ${thrown.message}` : String(thrown);
}

test('what is put is had, put again it is replaced, and deleted it is gone, twice as well', async () => {
  const store = openS3Store(options);
  const [one, two] = [randomBytes(1024 * 1024), Buffer.from('another')];
  await store.put('ab/cd-1/ef', one);
  expect((await store.get('ab/cd-1/ef'))?.equals(one)).toBe(true);
  await store.put('ab/cd-1/ef', two);
  expect(await store.get('ab/cd-1/ef')).toEqual(two);
  await store.put('ab/empty', new Uint8Array());
  expect(await store.get('ab/empty')).toHaveLength(0);
  for (let i = 0; i < 2; i += 1) await store.delete('ab/cd-1/ef');
  expect(await store.get('ab/cd-1/ef')).toBe(null);
});

test('another key is refused, and so is a bucket that is not there: an outage that repeats nothing', async () => {
  const wrong = openS3Store({ ...options, secret_access_key: 'another' });
  expect(await refusal(wrong.put('a/b', Buffer.from('x')))).toBe(
    'artifacts_unavailable: the artifact store answered 403',
  );
  const nowhere = openS3Store({ ...options, bucket: 'elsewhere' });
  expect(await refusal(nowhere.put('a/b', Buffer.from('x')))).toBe(
    'artifacts_unavailable: the artifact store answered 404',
  );
});

test('a store that breaks off, sends elsewhere or is gone is an outage', async () => {
  const calls: string[] = [];
  const broken = createServer((request, response) => {
    calls.push(request.url!);
    if (request.method === 'PUT') response.writeHead(307, { location: options.endpoint }).end();
    else response.writeHead(200, { 'content-length': '10' }).end('half', () => request.socket.destroy());
  });
  await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(broken.address() as AddressInfo).port}`;
  const store = openS3Store({ ...options, endpoint });
  expect(await refusal(store.get('a/b'))).toMatch(/^artifacts_unavailable/);
  expect(await refusal(store.put('a/b', Buffer.from('x')))).toMatch(/^artifacts_unavailable/);
  await new Promise((resolve) => broken.close(resolve));
  expect(await refusal(store.get('a/b'))).toBe('artifacts_unavailable: the artifact store does not answer');
  expect(calls).toEqual(['/evidence/artifacts/a/b', '/evidence/artifacts/a/b']);
});

test('the signature is that of the specification (GET Bucket Lifecycle)', () => {
  const keys = { access_key_id: 'AKIAIOSFODNN7EXAMPLE', secret_access_key: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
  const url = new URL('https://examplebucket.s3.amazonaws.com/?lifecycle=');
  const request = { method: 'GET', url, body: new Uint8Array(), date: new Date('2013-05-24T00:00:00Z') };
  expect(signV4({ region: 'us-east-1', ...keys }, request).authorization).toBe(
    'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, ' +
      'SignedHeaders=host;x-amz-content-sha256;x-amz-date, ' +
      'Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  );
});

test.each([
  ['no JSON', 'x'],
  ['a plain address of another machine', JSON.stringify({ ...OWN, endpoint: 'http://s3.example' })],
  ['credentials in the address', JSON.stringify({ ...OWN, endpoint: 'https://a:b@s3.example' })],
  ['a path in the address', JSON.stringify({ ...OWN, endpoint: 'https://s3.example/x' })],
  ['a bucket that leads elsewhere', JSON.stringify({ ...OWN, endpoint: 'https://s3.example', bucket: '../x' })],
  ['what nobody knows', JSON.stringify({ ...OWN, endpoint: 'https://s3.example', acl: 'public-read' })],
])('a setting is refused for %s', (_, text) => {
  expect(s3Setting.safeParse(text).success).toBe(false);
});
