/**
 * Finds what is a key by its own structure: PEM blocks, JSON Web Tokens, URLs that carry a password. It reports places
 * only and never keeps what it read.
 */
import { looksSecret } from './credential-values.ts';
import type { Emit } from './emit.ts';

const PEM_BEGIN = /-----BEGIN ([A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?)-----|PuTTY-User-Key-File-[0-9]:/y;

// `eyJ` is `{"` encoded. Two parts where nothing was signed or the signature was left out, five where it is encrypted.
const JWT =
  /eyJ[A-Za-z0-9_-]{10,4096}\.(?:(?:[A-Za-z0-9_-]{2,16384}\.[A-Za-z0-9_-]{0,16384}(?:\.[A-Za-z0-9_-]{1,65536}\.[A-Za-z0-9_-]{8,64})?)|eyJ[A-Za-z0-9_-]{2,16384})/y;

const MAX_URL = 768;
const SCHEME_CHAR = /[A-Za-z0-9+.-]/;
const HOST_AND_PORT = /^(?:[\w.-]*|\[[^\]]*\]):\d{0,5}$/;
const HOST = /^(?:[A-Za-z0-9_.-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5}|:\$?\{?\w+\}?)?(?:[/?#,\s"'`<>)\]}\\;]|$)/;

const EXAMPLES =
  /^(?:\*+|x+|\.+|\$.*|\{+.*\}+|<.*>|%s|\[?(?:redacted|password|passwd|passw0rd|pass|pwd|secret|token|changeme|example)\b.*)$/i;
const LOCAL = /^(?:localhost|127\.0\.0\.1|\[::1\]|0\.0\.0\.0)\b/;

/** Whether a line opens a private key, for lists of lines. */
export function opensPrivateKey(line: string): boolean {
  return /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/.test(line);
}

/** Whether a line closes one. */
export function closesPrivateKey(line: string): boolean {
  return /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/.test(line);
}

/**
 * Covers the whole block that begins at `at`; returns where it ends. Without an end marker everything after the begin
 * marker is taken for key material, and more of it may stand elsewhere.
 */
export function detectPrivateKey(text: string, at: number, isContinued: boolean, emit: Emit): number {
  PEM_BEGIN.lastIndex = at;
  const found = PEM_BEGIN.exec(text);
  if (found === null) return at;
  const closing = found[1] === undefined ? 'Private-MAC:' : `-----END ${found[1]}-----`;
  const end = text.indexOf(closing, at);
  const done = end === -1 ? text.length : lineEnd(text, end + closing.length, found[1] === undefined);
  emit('private_key', at, done, { why: 'pem', open: end === -1 && !isContinued });
  return done;
}

/** Reports the token that begins at `at`; returns where it ends, or `at`. */
export function detectJwt(text: string, at: number, emit: Emit): number {
  if (at > 0 && /[A-Za-z0-9_-]/.test(text[at - 1]!)) return at;
  JWT.lastIndex = at;
  const found = JWT.exec(text)?.[0];
  if (found === undefined) return at;
  const header = Buffer.from(found.slice(0, found.indexOf('.')), 'base64url').toString('latin1');
  if (!/"(?:alg|typ|enc|kid)"/.test(header)) return at;
  emit('jwt', at, at + found.length, { why: 'header', confidence: 'certain' });
  return at + found.length;
}

/** `scheme://user:password@host`, the password up to the last `@`; the whole of it goes, user included. */
export function detectConnectionString(text: string, colon: number, emit: Emit): void {
  let start = colon;
  while (start > 0 && colon - start < 32 && SCHEME_CHAR.test(text[start - 1]!)) start -= 1;
  if (start === colon) return;
  const window = text.slice(colon + 3, colon + 3 + MAX_URL);
  if (!window.includes('@')) return;
  const rest = /^[^\s"'`<>]*/.exec(window)![0];
  const at = endOfUserinfo(rest);
  if (at === -1) return;
  const userinfo = rest.slice(0, at);
  const password = userinfo.slice(userinfo.indexOf(':') + 1);
  const user = userinfo.slice(0, userinfo.indexOf(':'));
  if (!userinfo.includes(':') || password === '' || isExample(user, password, rest.slice(at + 1))) return;
  emit('connection_string', start, colon + 3 + at + 1, { why: 'userinfo' });
}

function lineEnd(text: string, from: number, whole: boolean): number {
  if (!whole) return from;
  const at = text.indexOf('\n', from);
  return at === -1 ? text.length : at;
}

/** The last `@` of the authority; a password may hold `/`, `?` and `#` where a host follows its last `@`. */
function endOfUserinfo(rest: string): number {
  const authority = /^[^/?#]*/.exec(rest)![0];
  const inAuthority = authority.lastIndexOf('@');
  if (inAuthority !== -1) return inAuthority;
  const last = rest.lastIndexOf('@');
  if (last === -1 || HOST_AND_PORT.test(authority) || !authority.includes(':')) return -1;
  return HOST.test(rest.slice(last + 1)) ? last : -1;
}

/** The password of documentation, or of a default installation on this machine. */
function isExample(user: string, password: string, host: string): boolean {
  return (
    EXAMPLES.test(password) ||
    (LOCAL.test(host) && (password === user || /^[a-z]+$/.test(password))) ||
    (password.length < 3 && !looksSecret(password, { strength: 'strong', firm: true, quoted: true }))
  );
}
