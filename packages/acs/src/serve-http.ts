/** `POST /acs` on loopback, one message a request. Answers are HTTP 200 unless there was no message that could be read. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MESSAGE_BYTES } from './envelope.ts';
import type { Guardian } from './guardian.ts';

export type Served = { port: number; close(): Promise<void> };

const HEADERS_MS = 10_000;
const CONNECTIONS = 256;

/** Port 0 takes a free one. Rejects when the port is taken. */
export async function serveHttp(guardian: Guardian, port: number): Promise<Served> {
  const server: Server = createServer(
    { requestTimeout: HEADERS_MS, headersTimeout: HEADERS_MS },
    async (request, response) => {
      const gone = new AbortController();
      response.once('close', () => gone.abort(new Error('the host is gone')));
      const answer = (status: number, body: unknown): void => {
        const text = JSON.stringify(body);
        // What is left of a body that is too long is not waited for.
        if (status !== 200) response.setHeader('connection', 'close');
        response
          .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
          .end(text);
      };
      const refuse = (status: number, code: number, message: string): void =>
        answer(status, { jsonrpc: '2.0', id: null, error: { code, message } });
      if (request.url !== '/acs') return refuse(404, -32600, 'nothing is here: POST the message to /acs');
      if (request.method !== 'POST') return refuse(405, -32600, 'POST the message to /acs');
      // A page in a browser can send no other type without being asked about it.
      if (!/^application\/json\b/.test(request.headers['content-type'] ?? ''))
        return refuse(415, -32600, 'content-type must be application/json');
      const body = await bodyOf(request);
      if (body === null) return refuse(413, -32600, `more than ${MESSAGE_BYTES} bytes`);
      const said = await guardian(body, gone.signal);
      answer(said.id === null ? 400 : 200, said);
    },
  );
  server.maxConnections = CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > MESSAGE_BYTES) return null;
      parts.push(part);
    }
  } catch {
    return null;
  }
  return Buffer.concat(parts);
}
