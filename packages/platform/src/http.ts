/** HTTP for doors and probes: listens, closes gracefully, and leaves routes to its caller. */

import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { isLoopback, knownHosts } from './known-hosts.ts';
import { refuseHost, refuseMalformed, refuseTarget } from './refuse-malformed.ts';

/** What a handler gets beside the request: Node's own. */
export type { HttpBindings } from '@hono/node-server';

export type FetchHandler = (request: Request, env?: unknown) => Response | Promise<Response>;
export type Listening = { port: number; url: string; close(): Promise<void> };

/** A header block beyond this is answered with 431 by Node itself. */
const MAX_HEADER_BYTES = 16 * 1024;
const CLOSE_MS = 5_000;
const HEADERS_MS = 10_000;
/** Node looks at what is too slow only so often, 30 s where nothing is said. */
const LOOKS_PER_LIMIT = 10;

export type HttpOptions = {
  /**
   * Host names of the server beside `localhost` and its addresses, without ports. Left out, a server on a
   * loopback address has no other name, and one that others can reach is asked under any.
   */
  names?: readonly string[];
  /** Milliseconds for a request's headers to arrive. */
  headers_ms?: number;
  /** PEM; left out, it is plain HTTP. */
  tls?: { cert: string; key: string };
};

/** There is nothing to listen at: the port is taken, or no address of this machine has that name. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  constructor(host: string, port: number, cause: NodeJS.ErrnoException) {
    const taken = `port ${port} is in use: stop what listens there, or choose another port`;
    super(cause.code === 'EADDRINUSE' ? taken : `nothing can listen at ${host}, port ${port} (${cause.code})`, {
      cause,
    });
  }
}

export function listen(
  fetch: FetchHandler,
  port: number,
  host: string,
  { names, headers_ms = HEADERS_MS, tls }: HttpOptions = {},
): Promise<Listening> {
  return new Promise((resolve, reject) => {
    let closing = false;
    const checked = names !== undefined || isLoopback(host);
    const isKnown = checked ? knownHosts(host, names ?? []) : () => true;
    const admit: FetchHandler = (request, env) =>
      isKnown((env as HttpBindings).incoming.headers.host) ? fetch(request, env) : refuseHost();
    // A handler answers for its own errors; what is left is a target that is no URL.
    const answer = getRequestListener(admit as never, { hostname: host, errorHandler: refuseTarget });
    const settings = {
      maxHeaderSize: MAX_HEADER_BYTES,
      requestTimeout: 30_000,
      headersTimeout: headers_ms,
      connectionsCheckingInterval: headers_ms / LOOKS_PER_LIMIT,
      keepAliveTimeout: 30_000,
    };
    const serve: RequestListener = (request, response) => {
      // A connection that was busy when `close` began is idle only now, and nobody else would end it.
      response.once('close', () => closing && server.closeIdleConnections());
      void answer(request, response);
    };
    const server = tls === undefined ? createServer(settings, serve) : createTlsServer({ ...settings, ...tls }, serve);
    const close = (): Promise<void> =>
      new Promise((done) => {
        closing = true;
        const hard = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
        server.close(() => {
          clearTimeout(hard);
          done();
        });
        server.closeIdleConnections();
      });
    server.on('clientError', refuseMalformed);
    server.on('error', (error) => reject(new ListenError(host, port, error)));
    server.listen(port, host, () => {
      const address = server.address() as AddressInfo;
      const name = host.includes(':') ? `[${host}]` : host;
      resolve({ port: address.port, url: `${tls === undefined ? 'http' : 'https'}://${name}:${address.port}`, close });
    });
  });
}
