/**
 * Signing in to the console, by an API key or through the identity provider, and out again. A key is exchanged for a session at
 * once and kept nowhere; each sign-in makes a new session, and whatever cookie came with it stands for nothing.
 */
import { CountersignError, failureOf } from '@countersign/contracts/errors';
import type { NewEntry } from '@countersign/contracts/ledger-entry';
import { sha256 } from '@countersign/ledger/digest';
import { refuseRevoked } from '@countersign/platform/control-gate';
import type { Database } from '@countersign/platform/database';
import { randomSecret } from '@countersign/platform/ids';
import { append } from '@countersign/platform/ledger-append';
import type { Metrics } from '@countersign/platform/metrics';
import type { Context } from 'hono';
import type { Authenticator } from '../authenticate.ts';
import type { Caller } from '../caller.ts';
import type { Logins } from '../login/open-logins.ts';
import { addressOf } from '../read-credential.ts';
import { byOf } from '../registry/change-registry.ts';
import { revokeIdentity } from '../revoke-identity.ts';
import { refuseForged, sessionCookie, sessionCookies } from './session-cookie.ts';
import { deleteSession, findSession, insertSession } from './store-sessions.ts';

export type SignInParts = {
  database: Database;
  authenticator: Authenticator;
  metrics: Metrics;
  /** Null where no provider is set. */
  logins: Logins | null;
};

/** `Set-Cookie` of the new session. Throws `csrf_invalid`, and what the key is refused for. */
export async function signInByKey(c: Context, key: string, parts: SignInParts): Promise<string> {
  refuseOtherOrigin(c);
  const caller = await parts.authenticator.byKey(key, addressOf(c)).catch((thrown: unknown) => {
    parts.metrics.count('credentials_refused_total', { method: 'api_key', code: failureOf(thrown).code });
    throw thrown;
  });
  return openSession(c, caller, false, parts.database);
}

/** For a key that a login made for this session alone. */
export async function signInByLogin(
  c: Context,
  key: string,
  { database, authenticator }: SignInParts,
): Promise<string> {
  return openSession(c, await authenticator.byKey(key, addressOf(c)), true, database);
}

/** Ends it, with the key that a login made for it. `csrf`: as the form brought it. Throws `csrf_invalid`. */
export async function signOut(c: Context, csrf: string, { database, authenticator }: SignInParts): Promise<string> {
  const host = c.req.header('host');
  for (const secret of sessionCookies((name) => c.req.header(name))) {
    refuseForged({ method: 'POST', header: (name) => (name === 'x-csrf-token' ? csrf : c.req.header(name)) }, secret);
    const caller = await authenticator.bySession(secret, false).catch(() => null);
    if (caller !== null) await endSession(database, caller, secret);
  }
  return sessionCookie(host, null);
}

async function openSession(c: Context, caller: Caller, made_by_login: boolean, database: Database): Promise<string> {
  const { key_id } = caller;
  if (key_id === null) throw new CountersignError('unauthenticated');
  const secret = randomSecret();
  const session_sha256 = sha256(Buffer.from(secret));
  await database.transaction(async (tx) => {
    await refuseRevoked(tx, caller);
    await insertSession(tx, { session_sha256, key_id, made_by_login });
    await append(tx, [entryOf('identity_created', caller, { session: nameOf(session_sha256), made_by_login })]);
  });
  return sessionCookie(c.req.header('host'), secret);
}

async function endSession(database: Database, caller: Caller, secret: string): Promise<void> {
  const session_sha256 = sha256(Buffer.from(secret));
  await database.transaction(async (tx) => {
    const session = await findSession(tx, session_sha256);
    if (session === undefined) return;
    await deleteSession(tx, session_sha256);
    if (session.made_by_login) {
      const end = {
        what: 'api_key' as const,
        id: session.key_id,
        reason: 'signed out',
        by_key: null,
        by: byOf(caller),
      };
      await revokeIdentity(tx, end);
    } else await append(tx, [entryOf('identity_changed', caller, { session: nameOf(session_sha256), ended: true })]);
  });
}

function entryOf(kind: string, caller: Caller, more: Record<string, unknown>): NewEntry {
  const { id, tenant, key_id, auth_method } = caller;
  const body = {
    what: 'session',
    principal: id,
    tenant,
    key_id,
    actor: id,
    actor_tenant: tenant,
    auth_method,
    by_key: key_id,
    ...more,
  };
  return { chain: `identity:${id}`, kind, tenant, topic: null, body };
}

/** By which a session is told from others; nobody gets from it to the secret. */
function nameOf(session_sha256: Uint8Array): string {
  return Buffer.from(session_sha256).toString('hex').slice(0, 16);
}

/**
 * There is no session yet whose token could say it, so the browser has to: a page of somebody else signs nobody in. A proxy that hides
 * under which name it was asked fails here as well, and not by a cookie that is sent without TLS.
 */
function refuseOtherOrigin(c: Context): void {
  const origin = c.req.header('origin');
  if (origin !== undefined && URL.parse(origin)?.host !== c.req.header('host'))
    throw new CountersignError('csrf_invalid');
}
