/** HTTP for doors and probes: listens, closes gracefully, and leaves routes to its caller. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';

export type FetchHandler = (request: Request, env?: unknown) => Response | Promise<Response>;
export type Listening = { port: number; url: string; close(): Promise<void> };

/** A header block beyond this is answered with 431 by Node itself. */
const MAX_HEADER_BYTES = 16 * 1024;
const CLOSE_MS = 5_000;

export class PortInUseError extends Error {
  constructor(port: number) {
    super(`port ${port} is in use: stop what listens there, or choose another port`);
    this.name = 'PortInUseError';
  }
}

export const listen = (fetch: FetchHandler, port: number, host: string): Promise<Listening> =>
  new Promise((resolve, reject) => {
    const server = serve(
      {
        fetch: fetch as never,
        port,
        hostname: host,
        createServer,
        serverOptions: {
          maxHeaderSize: MAX_HEADER_BYTES,
          requestTimeout: 30_000,
          headersTimeout: 10_000,
          keepAliveTimeout: 30_000,
        },
      },
      (address: AddressInfo) =>
        resolve({
          port: address.port,
          url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
          close: () =>
            new Promise((done) => {
              const hard = setTimeout(() => (server as import('node:http').Server).closeAllConnections(), CLOSE_MS);
              server.close(() => {
                clearTimeout(hard);
                done();
              });
              (server as import('node:http').Server).closeIdleConnections();
            }),
        }),
    );
    server.on('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new PortInUseError(port) : error),
    );
  });
