/**
 * Which credential a request brings, and whose it is. It brings exactly one: of two, a proxy and this door might believe
 * different ones. Nothing that a proxy says of anybody (`Forwarded`, `X-Forwarded-*`) is read.
 */
import { CountersignError, failureOf } from '@countersign/contracts/errors';
import type { HttpBindings } from '@countersign/platform/http';
import type { Metrics } from '@countersign/platform/metrics';
import { checkBody } from '@countersign/platform/signed-http';
import type { Context } from 'hono';
import { isApiKey } from './api-key.ts';
import type { Authenticator, Worker } from './authenticate.ts';
import type { Caller } from './caller.ts';
import { BACKGROUND_HEADER, refuseForged, sessionCookies } from './console/session-cookie.ts';
import type { FromSomewhere, HttpSignatures } from './verify-http-signature.ts';

export type Admitted = {
  caller: Caller;
  /** To be called with the whole body, whatever is made of it. Throws `signature_invalid` where another one was signed. */
  checkBody(body: Uint8Array): void;
};

export type CredentialParts = {
  authenticator: Authenticator;
  signatures: HttpSignatures;
  metrics: Metrics;
};

type Credential =
  | { method: 'api_key'; key: string }
  | { method: 'token'; token: string }
  | { method: 'signature' }
  | { method: 'session'; secret: string }
  | { method: 'none'; detail: string };

const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** Throws `unauthenticated`, `revoked`, `too_many_requests` and what verifying a signature throws. */
export async function readCredential(c: Context, parts: CredentialParts): Promise<Admitted> {
  const credential = findCredential(c);
  try {
    return await admit(c, credential, parts);
  } catch (thrown) {
    parts.metrics.count('credentials_refused_total', { method: credential.method, code: failureOf(thrown).code });
    throw thrown;
  }
}

/** The proxy's, where one stands in front: what it says of whom it speaks for could be anybody's word. */
export function addressOf(c: Context): string {
  return incomingOf(c).socket.remoteAddress ?? '';
}

function findCredential(c: Context): Credential {
  const key = c.req.header('x-api-key');
  const authorization = c.req.header('authorization');
  const isSigned = c.req.header('signature-input') !== undefined || c.req.header('signature') !== undefined;
  const [secret, ...more] = sessionCookies((name) => c.req.header(name));
  const brought = [key !== undefined, authorization !== undefined, isSigned, secret !== undefined, more.length > 0];
  if (brought.filter(Boolean).length > 1)
    return {
      method: 'none',
      detail: "more than one credential: send one of X-API-Key, Authorization, Signature and a session's cookie",
    };
  if (secret !== undefined) return { method: 'session', secret };
  if (isSigned) return { method: 'signature' };
  if (key !== undefined) return { method: 'api_key', key };
  const bearer = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
  if (bearer === undefined)
    return { method: 'none', detail: 'send X-API-Key, Authorization: Bearer, or a signature (RFC 9421)' };
  return COMPACT.test(bearer) && !isApiKey(bearer)
    ? { method: 'token', token: bearer }
    : { method: 'api_key', key: bearer };
}

async function admit(c: Context, credential: Credential, parts: CredentialParts): Promise<Admitted> {
  const unsigned = (caller: Caller): Admitted => ({ caller, checkBody: () => undefined });
  switch (credential.method) {
    case 'api_key':
      return unsigned(await parts.authenticator.byKey(credential.key, addressOf(c)));
    case 'token':
      return unsigned(await parts.authenticator.byToken(credential.token));
    case 'session': {
      const caller = await parts.authenticator.bySession(credential.secret, isUse(c));
      refuseForged(c.req, credential.secret);
      return unsigned(caller);
    }
    case 'signature': {
      const { caller, digest } = await parts.signatures.agent(signedOf(c));
      return { caller, checkBody: (body) => checkBody({ digest }, body) };
    }
    case 'none':
      throw new CountersignError('unauthenticated', credential.detail);
  }
}

/** A stream that stays open, and what a page asks for by itself, are no sign that anybody is there. */
function isUse(c: Context): boolean {
  const isStream = c.req.header('accept')?.includes('text/event-stream') === true;
  return !isStream && c.req.header(BACKGROUND_HEADER) === undefined;
}

/** Of a worker, which has no other credential than the key that signs its results. Throws as above. */
export async function readWorkerCredential(
  c: Context,
  { signatures, metrics }: Pick<CredentialParts, 'signatures' | 'metrics'>,
): Promise<{ worker: Worker; checkBody: Admitted['checkBody'] }> {
  try {
    if (findCredential(c).method !== 'signature')
      throw new CountersignError('permission_missing', 'only a worker, which signs its requests, may call this');
    const { worker, digest } = await signatures.worker(signedOf(c));
    return { worker, checkBody: (body) => checkBody({ digest }, body) };
  } catch (thrown) {
    metrics.count('credentials_refused_total', { method: 'worker', code: failureOf(thrown).code });
    throw thrown;
  }
}

function signedOf(c: Context): FromSomewhere {
  const { url } = c.req;
  return {
    method: c.req.method,
    target: url.slice(url.indexOf('/', url.indexOf('://') + 3)).split('#')[0]!,
    host: incomingOf(c).headers.host ?? '',
    header: (name) => c.req.header(name),
    address: addressOf(c),
  };
}

function incomingOf(c: Context): HttpBindings['incoming'] {
  return (c.env as HttpBindings).incoming;
}
