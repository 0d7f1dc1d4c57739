/** One POST goes to the address that was judged and nowhere else, and only to one that somebody on the Internet has. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { postPinned, type Resolve } from '@countersign/platform/post-pinned';
import { isPublicAddress } from '@countersign/platform/public-address';
import { webhookTargets } from '@countersign/platform/webhook-keys';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let port: number;
const hosts: (string | undefined)[] = [];
const server = createServer((request, response) => {
  hosts.push(request.headers.host);
  // Of `/hangs` only the request is read.
  if (request.url !== '/hangs') response.writeHead(202).end();
});
beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  return new Promise((closed) => server.close(closed));
});

const asked: string[] = [];
function resolvesTo(...found: string[]): Resolve {
  return async (name) => {
    asked.push(name);
    return found.map((address) => ({ address }));
  };
}

function post(path: string, resolve: Resolve, more: { private?: boolean; within_ms?: number } = {}) {
  const url = `http://hooks.example:${port}${path}`;
  return postPinned({ url, headers: {}, body: 'x', private: false, within_ms: 5_000, resolve, ...more });
}

test('a name is resolved once, and the connection goes to what was judged, under its name', async () => {
  expect(await post('/', resolvesTo('127.0.0.1'), { private: true })).toBe(202);
  expect([asked, hosts]).toEqual([['hooks.example'], [`hooks.example:${port}`]]);
});

test('is refused before anything is sent when any of its addresses is inside', async () => {
  hosts.length = 0;
  expect(await post('/', resolvesTo('127.0.0.1'))).toBe('address_refused');
  expect(await post('/', resolvesTo('93.184.216.34', '10.0.0.1'))).toBe('address_refused');
  expect(await post('/', resolvesTo())).toBe('name_not_found');
  expect(hosts).toEqual([]);
});

test('ends when its time is over, whatever hangs', async () => {
  const never: Resolve = () => new Promise(() => {});
  expect(await post('/', never, { within_ms: 20 })).toBe('timeout');
  expect(await post('/hangs', resolvesTo('127.0.0.1'), { private: true, within_ms: 50 })).toBe('timeout');
});

describe('is public', () => {
  test.each([
    ...[
      '0.0.0.0',
      '10.1.2.3',
      '100.64.0.1',
      '127.0.0.1',
      '127.255.0.9',
      '169.254.169.254',
      '172.31.0.1',
      '192.168.0.1',
    ],
    ...[
      '192.0.0.1',
      '192.0.2.1',
      '198.18.0.1',
      '198.51.100.1',
      '203.0.113.1',
      '224.0.0.1',
      '240.0.0.1',
      '255.255.255.255',
    ],
    ...['::', '::1', 'fe80::1', 'fc00::1', 'fd12:3456::1', 'ff02::1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::7f00:1'],
    ...['64:ff9b::7f00:1', '2001:db8::1', '2001::1', '2002:7f00:1::', '3fff::1', 'localhost', '', '127.1'],
  ])('never %s', (address) => expect(isPublicAddress(address)).toBe(false));
  test.each(['93.184.216.34', '8.8.8.8', '172.32.0.1', '2606:4700::1111', '2a00:1450::1'])('%s', (address) =>
    expect(isPublicAddress(address)).toBe(true),
  );
});

test('the setting takes origins; without TLS only what is said to be private', () => {
  expect(webhookTargets.parse('https://a.example, http://127.0.0.1:9 private')).toEqual([
    { origin: 'https://a.example', private: false },
    { origin: 'http://127.0.0.1:9', private: true },
  ]);
  expect(webhookTargets.parse(undefined)).toEqual([]);
  const wrong = [
    '',
    'https://a.example/',
    'https://a.example/x',
    'http://a.example',
    'a.example',
    '*',
    'https://a public',
  ];
  for (const text of [...wrong, 'https://u@a.example', 'https://a.example,', 'https://A.example'])
    expect(webhookTargets.safeParse(text).success, text).toBe(false);
});
