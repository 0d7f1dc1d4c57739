/**
 * Puts every route behind one wrapper that checks, handles, answers and measures. Whatever goes wrong becomes the one
 * error body: a caller's fault is never a 5xx, and a bug's message stays inside.
 */
import { CountersignError, ERRORS, type Failure, failureOf, httpStatus, isOutage } from '@countersign/contracts/errors';
import { API_PREFIX, type ErrorBody } from '@countersign/contracts/http';
import { monotonicMs } from '@countersign/platform/clock';
import { errorFields, type Logger } from '@countersign/platform/logger';
import type { Metrics } from '@countersign/platform/metrics';
import type { Shares } from '@countersign/platform/shares';
import { receivedFrom, traceIdOf } from '@countersign/platform/trace';
import { type Context, Hono } from 'hono';
import { admitCaller, admitNobody, admitWorker, checkRequest } from './check-request.ts';
import type { Admitted, CredentialParts } from './read-credential.ts';
import type { Uses } from './registry/record-uses.ts';
import type { Answer, Route } from './route.ts';

type HttpParts = CredentialParts & {
  uses: Pick<Uses, 'note'>;
  shares: Shares;
  bodies: Shares;
  metrics: Metrics;
  log: Logger;
};
type Handle = (c: Context, traceparent: string) => Promise<Answer>;

const RETRY_AFTER_MS = 1_000;
const HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

/** nginx and its like would hold events back until their buffer is full. */
const STREAMED = { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' };

type Failed = Extract<Answer, { json: unknown }>;

export function serveRoutes(routes: readonly Route[], parts: HttpParts): Hono {
  const { uses, shares, bodies, metrics, log } = parts;
  const wrap = (label: string, handle: Handle) => async (c: Context) => {
    const began = monotonicMs();
    const traceparent = receivedFrom(c.req.header('traceparent'));
    const answer = await handle(c, traceparent).catch((thrown: unknown) => {
      logFault(log, thrown, traceparent, label);
      return errorAnswer(thrown, traceparent);
    });
    const response = respond(c, answer, traceparent);
    metrics.count('http_requests_total', { route: label, status: response.status });
    metrics.observe('http_request_seconds', { route: label }, (monotonicMs() - began) / 1000);
    return response;
  };
  const app = new Hono();
  for (const route of routes) {
    const method = route.method.toUpperCase();
    const handle: Handle = async (c, traceparent) => {
      const admitted = await admit(c, route, parts);
      const { caller } = admitted;
      if (route.open !== true && caller.worker === undefined) uses.note(caller);
      // Queues, pending answers and body memory are shared by all requests: each gets a part.
      using held = new DisposableStack();
      held.defer(shares.take([caller.tenant, caller.id]));
      const size = bytesOf(c, route);
      if (size > 0) held.defer(bodies.take([caller.tenant, caller.id], size));
      return await route.handle(await checkRequest(c, route, admitted, traceparent));
    };
    app.on(method, pathOf(route), wrap(`${method} ${pathOf(route)}`, handle));
  }
  app.notFound(wrap('unrouted', refuseUnrouted(routes)));
  return app;
}

/** What its body may take, said or not; what is longer is refused unread. */
function bytesOf(c: Context, { body }: Route): number {
  if (body === undefined) return 0;
  const said = c.req.header('content-length');
  if (said === undefined) return c.req.header('transfer-encoding') === undefined ? 0 : body.limit;
  return Math.min(Number(said), body.limit);
}

function admit(c: Context, route: Route, parts: HttpParts): Admitted | Promise<Admitted> {
  if (route.open === true) return admitNobody();
  return route.workers === true ? admitWorker(c, parts) : admitCaller(c, route, parts);
}

function logFault(log: Logger, thrown: unknown, traceparent: string, route: string): void {
  const fields = { ...errorFields(thrown), route, trace_id: traceIdOf(traceparent) };
  if (!(thrown instanceof CountersignError)) log.error(fields, 'a route failed');
  else if (isOutage(thrown.code)) log.warn(fields, 'a request found the system out of order');
}

function errorAnswer(thrown: unknown, traceparent: string): Failed {
  const failure = sameForAll(failureOf(thrown));
  const json: ErrorBody = { ...failure, trace_id: traceIdOf(traceparent) };
  const status = httpStatus(failure.code);
  const again_ms = (thrown instanceof CountersignError ? thrown.retry_after_ms : undefined) ?? RETRY_AFTER_MS;
  const isLater = status === 503 || status === 429;
  return { status, json, headers: isLater ? { 'retry-after': String(Math.ceil(again_ms / 1000)) } : {} };
}

/** One answer for everything not found: the text must not tell what exists for others. */
function sameForAll(failure: Failure): Failure {
  return failure.code === 'not_found' ? { code: failure.code, detail: ERRORS.not_found.says } : failure;
}

function respond(c: Context, answer: Answer, traceparent: string): Response {
  const headers = { ...HEADERS, traceparent };
  if ('stream' in answer) {
    // To a HEAD nothing is sent, so nothing would ever end it.
    if (c.req.method === 'HEAD') void answer.stream.cancel();
    return new Response(answer.stream, { headers: { ...headers, ...(answer.headers ?? STREAMED) } });
  }
  if ('bytes' in answer)
    return new Response(answer.bytes as Uint8Array<ArrayBuffer>, {
      status: answer.status,
      headers: { ...headers, ...answer.headers },
    });
  if (!('json' in answer)) return new Response(null, { status: answer.status, headers });
  return new Response(JSON.stringify(answer.json), {
    status: answer.status,
    headers: { ...headers, ...answer.headers, 'content-type': 'application/json' },
  });
}

function pathOf({ root, path }: Route): string {
  return (root === true ? '' : API_PREFIX) + path;
}

/** 405 where the path takes other methods, else 404. */
function refuseUnrouted(routes: readonly Route[]): Handle {
  const known = routes.map((route) => ({
    method: route.method === 'get' ? 'GET, HEAD' : route.method.toUpperCase(),
    pattern: new RegExp(
      `^${pathOf(route)
        .replaceAll(/:\w+\{(.+)\}/g, '$1')
        .replaceAll(/:\w+/g, '[^/]+')}$`,
    ),
  }));
  return async (c, traceparent) => {
    const methods = known.filter(({ pattern }) => pattern.test(c.req.path)).map(({ method }) => method);
    const code = methods.length > 0 ? 'method_not_allowed' : 'not_found';
    const answer = errorAnswer(new CountersignError(code), traceparent);
    return { ...answer, ...(methods.length > 0 ? { headers: { allow: [...new Set(methods)].join(', ') } } : {}) };
  };
}
