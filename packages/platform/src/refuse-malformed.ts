/**
 * Malformed HTTP never reaches a route: it is answered here, in the one shape of every error. It says nothing
 * of what was sent.
 */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ErrorCode } from '@countersign/contracts/errors';
import { ERRORS } from '@countersign/contracts/errors';
import { newTraceparent, traceIdOf } from './trace.ts';

const CODES: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

/** Handler of a server's `clientError`: the parser gave up, so there is a socket and no request. */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  const answering = (socket as { _httpMessage?: { headersSent?: boolean } })._httpMessage?.headersSent === true;
  if (error.code === 'ECONNRESET' || !socket.writable || answering) {
    socket.destroy();
    return;
  }
  const code = CODES[error.code ?? ''] ?? 'http_malformed';
  const { status } = ERRORS[code];
  const body = bodyOf(code);
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json\r\nconnection: close`;
  socket.end(`${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

/** A request line that the parser takes and that is no URL. */
export function refuseTarget(): Response {
  return refuseWith('http_malformed');
}

/** A name that is not this server's. */
export function refuseHost(): Response {
  return refuseWith('host_unknown');
}

function bodyOf(code: ErrorCode): string {
  return JSON.stringify({ code, detail: ERRORS[code].says, trace_id: traceIdOf(newTraceparent()) });
}

function refuseWith(code: ErrorCode): Response {
  return new Response(bodyOf(code), { status: ERRORS[code].status, headers: { 'content-type': 'application/json' } });
}
