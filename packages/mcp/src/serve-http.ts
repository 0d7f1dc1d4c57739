/**
 * The door of `countersign mcp serve`: each server at its own path, in both eras of the protocol. Nothing behind it is
 * reached before origin, caller and size were looked at.
 */
import { ApiError } from '@countersign/client/api-error';
import { CountersignError, type ErrorCode, failureOf, httpStatus } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import type { HttpBindings } from '@countersign/platform/http';
import { errorFields, type Logger } from '@countersign/platform/logger';
import {
  type AuthInfo,
  createMcpHandler,
  isJsonContentType,
  isLegacyRequest,
  type McpHttpHandler,
  readRequestBody,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { boundRequests } from './bound-requests.ts';
import type { HttpCallers } from './http-callers.ts';
import { httpSessions, type Owner, type SessionRequest } from './http-sessions.ts';
import { listenOverHttp } from './listen-over-http.ts';
import { isListening } from './listened-tasks.ts';
import type { OpenServer } from './open-server.ts';
import type { ListingCaller } from './proxy-server.ts';
import { UpstreamError } from './upstream.ts';

export type HttpDoorOptions = {
  /** By their paths, without slashes. */
  servers: ReadonlyMap<string, Pick<OpenServer, 'serverFor' | 'tasksOf' | 'changes'>>;
  callers: HttpCallers;
  /** Of pages that may ask. */
  origins: readonly string[];
  log: Logger;
};
export type HttpDoor = { fetch(request: Request, env?: unknown): Promise<Response>; close(): Promise<void> };

type Behind = Pick<OpenServer, 'tasksOf'> & { serverFor(): Promise<Server>; modern: McpHttpHandler };

export function httpDoor({ servers, callers, origins, log }: HttpDoorOptions): HttpDoor {
  const sessions = httpSessions();
  const bound = boundRequests();
  const allowed = new Set(origins.map((each) => new URL(each).origin));
  const behind = new Map([...servers].map(([name, server]) => [name, openBehind(server, log)]));

  const answer = async (request: Request, env: unknown): Promise<Response> => {
    const origin = request.headers.get('origin');
    if (origin !== null && !allowed.has(origin)) throw new CountersignError('origin_unknown');
    const name = new URL(request.url).pathname.slice(1);
    const server = behind.get(name);
    if (server === undefined) throw new CountersignError('not_found', 'no server is at this path');
    const caller = await callers(request);
    const release = bound(caller.name);
    closed(env)?.once('close', release);
    try {
      const body = await readBody(request);
      const authInfo: AuthInfo = { token: '', clientId: caller.agent, scopes: [], extra: { caller } };
      return await handle(server, { who: caller.name, server: name }, { request, body, authInfo });
    } finally {
      if (closed(env) === undefined) release();
    }
  };
  const handle = async (server: Behind, owner: Owner, asked: SessionRequest): Promise<Response> => {
    const { request, body: parsedBody, authInfo } = asked;
    if (await isLegacyRequest(request, parsedBody)) return sessions.handle(owner, asked, server.serverFor);
    const modern = (body: unknown): Promise<Response> => server.modern.fetch(request, { authInfo, parsedBody: body });
    if (!isListening(parsedBody)) return modern(parsedBody);
    return listenOverHttp(server.tasksOf(callerOf(authInfo)), parsedBody, modern);
  };
  return {
    fetch: (request, env) => answer(request, env).catch((thrown: unknown) => refuse(thrown, log)),
    async close() {
      await Promise.all([sessions.close(), ...[...behind.values()].map(({ modern }) => modern.close())]);
    },
  };
}

function openBehind(server: Pick<OpenServer, 'serverFor' | 'tasksOf' | 'changes'>, log: Logger): Behind {
  const serverFor = (): Promise<Server> => server.serverFor(callerIn);
  const modern = createMcpHandler(serverFor, {
    legacy: 'reject',
    maxSubscriptions: LIMITS.mcp_sessions,
    onerror: (thrown) => log.warn(errorFields(thrown), 'a message of a client could not be used'),
  });
  server.changes.add(() => modern.notify.toolsChanged());
  const sessionFor = async (): Promise<Server> => {
    const made = await serverFor();
    const tell = (): Promise<unknown> => made.sendToolListChanged().catch(() => server.changes.delete(tell));
    server.changes.add(tell);
    made.onclose = () => server.changes.delete(tell);
    return made;
  };
  return { serverFor: sessionFor, tasksOf: server.tasksOf, modern };
}

/** Of each request its own: a session that another credential got hold of asks as that one. */
function callerIn({ http }: ServerContext): ListingCaller {
  return callerOf(http?.authInfo);
}

function callerOf(authInfo: AuthInfo | undefined): ListingCaller {
  const caller = authInfo?.extra?.caller;
  if (caller === undefined) throw new CountersignError('unauthenticated');
  return caller as ListingCaller;
}

/** Undefined for a request without one. Throws `media_type_unsupported`, `json_too_large`, `json_malformed`. */
async function readBody(request: Request): Promise<unknown> {
  if (request.method !== 'POST') return undefined;
  if (!isJsonContentType(request.headers.get('content-type'))) throw new CountersignError('media_type_unsupported');
  const read = await readRequestBody(request, LIMITS.mcp_request_bytes);
  if (read.tooLarge)
    throw new CountersignError('json_too_large', `a request has at most ${LIMITS.mcp_request_bytes} bytes`);
  const body = parse(read.text);
  // The eras served here have no batches; one would be many calls in one request.
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new CountersignError('json_malformed', 'the body must be one message of JSON-RPC');
  return body;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CountersignError('json_malformed');
  }
}

function closed(env: unknown): HttpBindings['outgoing'] | undefined {
  return (env as Partial<HttpBindings> | undefined)?.outgoing;
}

/** A bug's message stays inside. `data.code` is from the table of errors. */
function refuse(thrown: unknown, log: Logger): Response {
  const { code, detail, retry_after_ms } = faultOf(thrown);
  if (code === 'internal') log.error(errorFields(thrown), 'a request over HTTP failed');
  const headers = new Headers({ 'content-type': 'application/json' });
  if (code === 'unauthenticated') headers.set('www-authenticate', 'Bearer');
  if (retry_after_ms !== undefined) headers.set('retry-after', String(Math.ceil(retry_after_ms / 1000)));
  const error = { code: REFUSED, message: detail, data: { code } };
  return new Response(JSON.stringify({ jsonrpc: '2.0', id: null, error }), { status: httpStatus(code), headers });
}

/** A code of JSON-RPC's range for servers; what it was stands in `data`. */
const REFUSED = -32_011;
const RETRY_MS = 2_000;

function faultOf(thrown: unknown): { code: ErrorCode; detail: string; retry_after_ms?: number | undefined } {
  if (thrown instanceof CountersignError) return { ...failureOf(thrown), retry_after_ms: thrown.retry_after_ms };
  if (thrown instanceof UpstreamError)
    return { code: 'overloaded', detail: 'the server behind cannot be reached; nothing ran', retry_after_ms: RETRY_MS };
  if (!(thrown instanceof ApiError)) return failureOf(thrown);
  const { code, message: detail, retry_after_ms } = thrown;
  if (thrown.status !== 0 && thrown.status < 500) return { code, detail, retry_after_ms };
  return {
    code: 'ingress_unavailable',
    detail: 'the plane does not answer; nothing ran',
    retry_after_ms: retry_after_ms ?? RETRY_MS,
  };
}
