/**
 * The cookie that a session of the console is: which one a request brings, how it is set, and the token by which a request
 * proves that it comes from the session's own page. Off loopback it is `Secure` and bound to this host (RFC 6265bis, `__Host-`).
 */
import { timingSafeEqual } from 'node:crypto';
import { CountersignError } from '@countersign/contracts/errors';
import { sha256 } from '@countersign/ledger/digest';
import { isLocalHost } from '@countersign/platform/known-hosts';

export const CSRF_HEADER = 'x-csrf-token';
/** Of a request that nobody's hand caused: it keeps no session from ending. */
export const BACKGROUND_HEADER = 'x-background';

const SECRET = /^[A-Za-z0-9_-]{43}$/;
const CSRF_DOMAIN = 'countersign/console-csrf/v1';
/** They come from a page of this server, or from nobody's page. */
const OWN_SITES = ['same-origin', 'none'];
const SAFE_METHODS = ['GET', 'HEAD'];

type Asked = { method: string; header(name: string): string | undefined };

/** The secrets of the sessions that a request names. Of two, a page of another port or a sister domain has set one. */
export function sessionCookies(header: (name: string) => string | undefined): string[] {
  return cookiesIn(header('cookie'), sessionName(header('host')));
}

/** Values of the cookies of that name, as many as there are. */
export function cookiesIn(header: string | undefined, name: string): string[] {
  const pairs = (header ?? '').split(';').map((pair) => pair.trim());
  return pairs.filter((pair) => pair.startsWith(`${name}=`)).map((pair) => pair.slice(name.length + 1));
}

export function isSecret(text: string): boolean {
  return SECRET.test(text);
}

/** `Set-Cookie` of a session, which the browser forgets when it closes; null ends it there. */
export function sessionCookie(host: string | undefined, secret: string | null): string {
  const ends = secret === null ? '; Max-Age=0' : '';
  return `${sessionName(host)}=${secret ?? ''}; Path=/; HttpOnly; SameSite=Strict${secureOf(host)}${ends}`;
}

export function secureOf(host: string | undefined): string {
  return isLocalHost(host) ? '' : '; Secure';
}

/** It follows from the secret and does not give it away, so that it may stand in a page. */
export function csrfTokenOf(secret: string): string {
  return Buffer.from(sha256(Buffer.from(`${CSRF_DOMAIN}\0${secret}`))).toString('base64url');
}

/** Throws `csrf_invalid` for a change that the session's own page did not ask for, and for any request of another site's page. */
export function refuseForged(asked: Asked, secret: string): void {
  const site = asked.header('sec-fetch-site');
  const isForeign = site !== undefined && !OWN_SITES.includes(site);
  const sent = Buffer.from(asked.header(CSRF_HEADER) ?? '');
  const own = Buffer.from(csrfTokenOf(secret));
  const isOwn = sent.length === own.length && timingSafeEqual(sent, own);
  if (isForeign || (!SAFE_METHODS.includes(asked.method) && !isOwn)) throw new CountersignError('csrf_invalid');
}

function sessionName(host: string | undefined): string {
  return isLocalHost(host) ? 'countersign' : '__Host-countersign';
}
