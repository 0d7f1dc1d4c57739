/**
 * Who asks over HTTP: an agent of the plane, by its own key or token. The plane is asked whose it is, and every job is asked
 * for with it, so the proxy has no rights that a caller could borrow. The server behind never gets it.
 */
import { createClient } from '@countersign/client/create-client';
import { sendForJson } from '@countersign/client/send-request';
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { type WhoAsks, whoAsks } from '@countersign/contracts/login';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { encodeUtf8, sha256Hex } from '@countersign/ledger/digest';
import { rememberBriefly } from '@countersign/platform/remember-briefly';
import type { ListingCaller } from './proxy-server.ts';

/** Of a request, its caller; `name` is the tenant, the principal and in whose name it acts. */
export type HttpCallers = (request: Request) => Promise<ListingCaller>;

/** Throws CountersignError for a credential that does not do, and ApiError while the plane does not say. */
export function httpCallers(plane: string, runOf: (who: string) => string): HttpCallers {
  const remembered = rememberBriefly<WhoAsks>({ ttl_ms: LIMITS.auth_cache_ms, max_entries: LIMITS.auth_cache_entries });
  return async (request) => {
    const token = credentialOf(request.headers);
    const options = { url: plane, token };
    const ask = async (): Promise<WhoAsks> => {
      const said: unknown = await sendForJson(options, {
        method: 'GET',
        path: '/session',
        signal: AbortSignal.timeout(ASK_MS),
      });
      return whoAsks.parse(said);
    };
    const who = (await remembered(sha256Hex(encodeUtf8(token)), ask))!;
    if (who.type !== 'agent' || !who.permissions.includes('submit'))
      throw new CountersignError('permission_missing', 'only an agent that may submit jobs calls tools');
    const name = canonicalize([who.tenant, who.principal, ...who.on_behalf_of]);
    return { agent: who.principal, name, run: runOf(name), client: createClient(options) };
  };
}

const ASK_MS = 5_000;

/** Exactly one: of two, this door and the plane might believe different ones. */
function credentialOf(headers: Headers): string {
  const key = headers.get('x-api-key');
  const authorization = headers.get('authorization');
  if (key !== null && authorization !== null)
    throw new CountersignError('unauthenticated', 'more than one credential: send Authorization or X-API-Key');
  const found = key ?? /^Bearer ([!-~]+)$/i.exec(authorization ?? '')?.[1];
  if (found === undefined || found.length > LIMITS.access_token_chars)
    throw new CountersignError(
      'unauthenticated',
      "send an agent's key or token as Authorization: Bearer, or X-API-Key",
    );
  return found;
}
