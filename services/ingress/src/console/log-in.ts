/**
 * The way of a browser through the identity provider and back. State, nonce and PKCE's verifier are kept in a cookie that only the
 * way back sends, so that nobody is let in with an answer that another browser asked for.
 */
import { createHash } from 'node:crypto';
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { authorizationUrl } from '@countersign/contracts/login';
import { randomSecret } from '@countersign/platform/ids';
import { isLocalHost } from '@countersign/platform/known-hosts';
import type { Context } from 'hono';
import { z } from 'zod';
import type { Logins } from '../login/open-logins.ts';
import { addressOf } from '../read-credential.ts';
import { cookiesIn, secureOf } from './session-cookie.ts';

const NAME = 'countersign-login';
const WAY_BACK = '/console/callback';
const secret = z.string().length(43);
const begun = z.strictObject({ state: secret, nonce: secret, code_verifier: secret, to: z.string() });

/** Where the browser is sent, and the cookie that it brings back. `to`: where it wants to go then. */
export async function beginLogin(
  c: Context,
  logins: Logins,
  to: string,
): Promise<{ location: string; cookie: string }> {
  const start = await logins.start();
  const [state, nonce, code_verifier] = [randomSecret(), randomSecret(), randomSecret()];
  const code_challenge = createHash('sha256').update(code_verifier).digest('base64url');
  const location = authorizationUrl(start, { redirect_uri: ownUrl(c, WAY_BACK), state, nonce, code_challenge });
  const kept = Buffer.from(JSON.stringify({ state, nonce, code_verifier, to })).toString('base64url');
  return { location: location.href, cookie: cookieOf(c, kept, LIMITS.console_login_ms / 1000) };
}

/** The key that the login made, where to go, and the cookie gone. Throws `unauthenticated` and what `comeIn` throws. */
export async function endLogin(c: Context, logins: Logins): Promise<{ api_key: string; to: string; cookie: string }> {
  const [kept, ...more] = cookiesIn(c.req.header('cookie'), NAME);
  const read = begun.safeParse(parse(kept));
  if (!read.success || more.length > 0) throw new CountersignError('unauthenticated', 'this browser began no login');
  const { to, ...own } = read.data;
  const callback = ownUrl(c, WAY_BACK) + new URL(c.req.url).search;
  if (callback.length > LIMITS.login_chars) throw new CountersignError('unauthenticated', 'the login is not valid');
  const { api_key } = await logins.comeIn({ callback, ...own }, addressOf(c));
  return { api_key, to, cookie: cookieOf(c, '', 0) };
}

/** Lax: the way back begins at the provider, and a stricter cookie would stay behind. */
function cookieOf(c: Context, value: string, life_s: number): string {
  const secure = secureOf(c.req.header('host'));
  return `${NAME}=${value}; Path=${WAY_BACK}; HttpOnly; SameSite=Lax; Max-Age=${life_s}${secure}`;
}

/** As the browser knows this server; the provider takes only what was registered with it. */
function ownUrl(c: Context, path: string): string {
  const host = c.req.header('host') ?? '';
  return `${isLocalHost(host) ? 'http' : 'https'}://${host}${path}`;
}

function parse(kept: string | undefined): unknown {
  try {
    return JSON.parse(Buffer.from(kept ?? '', 'base64url').toString());
  } catch {
    return null;
  }
}
