/**
 * A POST over TLS goes to the pinned address under the name of its URL, and only to who proves that name under an authority that
 * is trusted. The body is sent to nobody else.
 */
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls';
import { postPinned } from '@countersign/platform/post-pinned';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Certified, makeCertificate } from '../../harness/make-certificate.ts';

const NAME = 'hooks.example';
const CA = { name: 'ca.test', ...makeCertificate({ name: 'ca.test' }) };
const STRANGE = { name: 'ca.test', ...makeCertificate({ name: 'ca.test' }) };
const before = getCACertificates('default');
beforeAll(() => setDefaultCACertificates([CA.certificate]));
afterAll(() => setDefaultCACertificates(before));

type Heard = { names: (string | false | null)[]; bodies: string[] };

/** Posts to a server that shows this certificate. */
async function postTo({ certificate: cert, key }: Certified): Promise<Heard & { said: unknown }> {
  const heard: Heard = { names: [], bodies: [] };
  const server = createServer({ cert, key }, (request, response) => {
    request.setEncoding('utf8').on('data', (chunk: string) => heard.bodies.push(chunk));
    request.on('end', () => response.writeHead(202).end());
    heard.names.push((request.socket as TLSSocket).servername);
  });
  await using _ = closing(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `https://${NAME}:${(server.address() as AddressInfo).port}/`;
  const resolve = async () => [{ address: '127.0.0.1' }];
  const said = await postPinned({ url, headers: {}, body: 'secret', private: true, within_ms: 30_000, resolve });
  return { said, ...heard };
}

function closing(server: Server): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}

test('is taken from who proves the name of the URL, which the connection asks for', async () => {
  const told = await postTo(makeCertificate({ name: NAME, issuer: CA }));
  expect(told).toEqual({ said: 202, names: [NAME], bodies: ['secret'] });
});

test.each<[string, Certified]>([
  ['another name', makeCertificate({ name: 'other.example', issuer: CA })],
  ['the address alone', makeCertificate({ name: '127.0.0.1', issuer: CA })],
  ['a certificate that is over', makeCertificate({ name: NAME, issuer: CA, days: [-9, -1] })],
  ['one that is not valid yet', makeCertificate({ name: NAME, issuer: CA, days: [1, 9] })],
  ['an issuer of the same name that nobody knows', makeCertificate({ name: NAME, issuer: STRANGE })],
  ['its own word', makeCertificate({ name: NAME })],
  ['one signed by a server that is no authority', byServer()],
])('is not sent to who shows %s', async (_, shown) => {
  expect(await postTo(shown)).toEqual({ said: 'untrusted', names: [], bodies: [] });
});

/** Its chain is whole but for the right to sign. */
function byServer(): Certified {
  const server = { name: 'any.example', ...makeCertificate({ name: 'any.example', issuer: CA }) };
  const made = makeCertificate({ name: NAME, issuer: server });
  return { ...made, certificate: made.certificate + server.certificate };
}
