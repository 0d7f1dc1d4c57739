/** The HTTP door without its routes: what listens, what is too much, and how it closes. */
import { get } from 'node:https';
import { connect } from 'node:net';
import { type FetchHandler, ListenError, type Listening, listen } from '@countersign/platform/http';
import { afterEach, describe, expect, test } from 'vitest';
import { makeCertificate } from '../../harness/make-certificate.ts';

const open: Listening[] = [];

async function serve(fetch: FetchHandler, port = 0): Promise<Listening> {
  const listening = await listen(fetch, port, '127.0.0.1');
  open.push(listening);
  return listening;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});
const hello: FetchHandler = () => new Response('hello');

/** Sends bytes as they are and returns all that comes until the other side closes. */
function sendRaw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let text = '';
    socket.on('data', (data) => {
      text += data;
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}

function bodyOf(raw: string): { code: string; trace_id: string } {
  return JSON.parse(raw.slice(raw.indexOf('\r\n\r\n') + 4));
}

describe('a port', () => {
  test('0 is any free one, and the url leads there', async () => {
    const { url, port } = await serve(hello);
    expect(url).toBe(`http://127.0.0.1:${port}`);
    expect(await (await fetch(url)).text()).toBe('hello');
  });

  test('that is in use is named, with what to do', async () => {
    const { port } = await serve(hello);
    const failed = serve(hello, port);
    await expect(failed).rejects.toBeInstanceOf(ListenError);
    await expect(failed).rejects.toThrow(`port ${port} is in use: stop what listens there, or choose another port`);
  });

  test('an address that is no address of this machine is named too', async () => {
    const failed = listen(hello, 0, '203.0.113.5', { names: [] });
    await expect(failed).rejects.toBeInstanceOf(ListenError);
    await expect(failed).rejects.toThrow(/203\.0\.113\.5, port 0 \(EADDRNOTAVAIL\)/);
  });
});

describe('what is no request', () => {
  test.each([
    ['no HTTP', 'hello\r\n\r\n', 400, 'http_malformed'],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      400,
      'http_malformed',
    ],
    ['too many headers', `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(17_000)}\r\n\r\n`, 431, 'headers_too_large'],
  ])('never reaches a route: %s', async (_, bytes, status, code) => {
    let reached = false;
    const { port } = await serve(() => {
      reached = true;
      return new Response();
    });
    const raw = await sendRaw(port, bytes);
    expect(raw).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(bodyOf(raw).code).toBe(code);
    expect(bodyOf(raw).trace_id).toMatch(/^[0-9a-f]{32}$/);
    expect(raw).not.toContain('yyyy');
    expect(reached).toBe(false);
  });

  test('a request line that is no URL is answered in the shape of every error', async () => {
    const { port } = await serve(hello);
    const raw = await sendRaw(port, 'GET http:// HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    expect(raw).toMatch(/^HTTP\/1.1 400 /);
    expect(raw).toContain('http_malformed');
  });

  test('headers that do not arrive in time are cut off in that time, not at the next look of half a minute', async () => {
    const headers_ms = 200;
    const listening = await listen(hello, 0, '127.0.0.1', { headers_ms });
    open.push(listening);
    const began = performance.now();
    const raw = await sendRaw(listening.port, 'GET / HTTP/1.1\r\nhost: localhost\r\nx-slow: ');
    expect(raw).toMatch(/^HTTP\/1.1 408 /);
    expect(bodyOf(raw).code).toBe('request_timeout');
    expect(performance.now() - began).toBeLessThan(20 * headers_ms);
  });

  test('a name that is not its own is refused on a loopback address; elsewhere any will do', async () => {
    const { port } = await serve(hello);
    const asked = 'GET / HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n';
    expect(await sendRaw(port, asked)).toMatch(/^HTTP\/1.1 421 /);
    const public_one = await listen(hello, 0, '0.0.0.0');
    open.push(public_one);
    expect(await sendRaw(public_one.port, asked)).toMatch(/^HTTP\/1.1 200 /);
  });

  test('headers below the limit get through', async () => {
    const { url } = await serve((request) => new Response(String(request.headers.get('x')?.length)));
    expect(await (await fetch(url, { headers: { x: 'y'.repeat(12_000) } })).text()).toBe('12000');
  });
});

describe('closing', () => {
  test('lets the request under way finish, takes no other, and does not wait for idle connections', async () => {
    const entered = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const listening = await listen(
      async (request) => {
        if (request.url.endsWith('/slow')) {
          entered.resolve();
          await gate.promise;
        }
        return new Response('done');
      },
      0,
      '127.0.0.1',
    );
    // A connection that is kept alive and idle.
    await (await fetch(listening.url)).text();
    const slow = fetch(`${listening.url}/slow`);
    await entered.promise;
    let closed = false;
    const closing = listening.close().then(() => {
      closed = true;
    });
    await expect(fetch(listening.url)).rejects.toThrow();
    expect(closed).toBe(false);
    const before = performance.now();
    gate.resolve();
    expect(await (await slow).text()).toBe('done');
    await closing;
    // Not by the hard end, which would be five seconds.
    expect(performance.now() - before).toBeLessThan(4_000);
  });
});

test('over TLS it answers who trusts its certificate, and nobody in clear', async () => {
  const { certificate: cert, key } = makeCertificate({ name: 'localhost' });
  const listening = await listen(hello, 0, '127.0.0.1', { tls: { cert, key } });
  open.push(listening);
  expect(listening.url).toBe(`https://127.0.0.1:${listening.port}`);
  const said = new Promise<string>((resolve, reject) => {
    const asked = get(`https://localhost:${listening.port}/`, { ca: cert, family: 4 }, (answer) =>
      answer.setEncoding('utf8').on('data', resolve),
    );
    asked.on('error', reject);
  });
  expect(await said).toBe('hello');
  await expect(fetch(`http://127.0.0.1:${listening.port}/`)).rejects.toThrow();
});
