/** Finds addresses by their form: e-mail in any script, IPv6, hardware addresses. */
import type { Emit } from './emit.ts';

const MAX_LOCAL_PART = 64;
/** Letters, digits and signs of a local part (RFC 5321, RFC 6531). */
const LOCAL = new Uint8Array(128);
for (const char of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+-'!#$&*=?^{}~") {
  LOCAL[char.charCodeAt(0)] = 1;
}

function isLocalChar(code: number): boolean {
  return code < 128 ? LOCAL[code] === 1 : code >= 0xaa && code !== 0x3000;
}
const LABEL = '[\\p{L}\\p{N}](?:[\\p{L}\\p{N}\\p{M}-]{0,62})';
const DOMAIN = new RegExp(`(?:${LABEL}\\.){1,8}(?:xn--[a-z0-9-]{2,59}|[\\p{L}\\p{M}]{2,24})(?![\\p{L}\\p{N}])`, 'uy');
const QUOTED = /"[^"\r\n@]{1,62}"$/;

export function detectEmails(text: string, emit: Emit): void {
  for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
    let start = at;
    while (start > 0 && at - start < MAX_LOCAL_PART && isLocalChar(text.charCodeAt(start - 1))) start -= 1;
    while (start < at && "._'=&?!#*{}".includes(text[start]!)) start += 1;
    const quoted = start === at ? QUOTED.exec(text.slice(Math.max(0, at - 64), at)) : null;
    if (quoted !== null) start = at - quoted[0].length;
    if (start === at) continue;
    DOMAIN.lastIndex = at + 1;
    const domain = DOMAIN.exec(text);
    // Where a repository is, for git over SSH.
    if (domain && !(text[at + 1 + domain[0].length] === ':' && /^(?:git|hg|svn)$/.test(text.slice(start, at))))
      emit('email', start, at + 1 + domain[0].length);
  }
}

const MAC = /(?:[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2})(?![\w:-])/y;
const IPV6 =
  /(?:[0-9A-Fa-f]{1,4}:{1,2}|::){1,8}(?:[0-9A-Fa-f]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?(?:%[A-Za-z0-9]{1,16})?(?![\w:])/y;
const NOBODY = /^(?:00[:-]?){6}$|^(?:ff[:-]?){6}$/i;

const HEX = new Uint8Array(128);
for (const char of '0123456789abcdefABCDEF') HEX[char.charCodeAt(0)] = 1;

function isHex(code: number): boolean {
  return code < 128 && HEX[code] === 1;
}

function isPart(code: number): boolean {
  return isHex(code) || code === 58 || code === 45 || code === 46;
}

/** Word characters, and the signs of longer addresses and versions. */
function isGlue(code: number): boolean {
  return (
    (code >= 45 && code <= 46) || (code >= 48 && code <= 58) || code === 95 || ((code | 32) >= 97 && (code | 32) <= 122)
  );
}

/** IPv6 and hardware addresses. Tries each run of hexadecimal digits, colons and dashes once, from its start. */
export function detectNetworkAddresses(text: string, emit: Emit): void {
  for (let at = text.indexOf(':'); at !== -1; ) at = text.indexOf(':', readAddress(text, at, emit));
  for (let at = text.indexOf('-'); at !== -1; ) {
    const isMac = text[at + 3] === '-' && text[at + 6] === '-' && isHex(text.charCodeAt(at + 1));
    at = text.indexOf('-', isMac ? readAddress(text, at, emit) : at + 1);
  }
}

/** The address whose first sign is at `at`; returns where to go on. */
function readAddress(text: string, at: number, emit: Emit): number {
  const next = text.charCodeAt(at + 1);
  if (next !== 58 && !isHex(next)) return at + 1;
  let start = at;
  while (start > 0 && at - start < 4 && isHex(text.charCodeAt(start - 1))) start -= 1;
  if ((start === at && next !== 58) || (start > 0 && isGlue(text.charCodeAt(start - 1)))) return at + 1;
  MAC.lastIndex = start;
  const mac = MAC.exec(text);
  if (mac !== null && !NOBODY.test(mac[0])) emit('mac_address', start, start + mac[0].length);
  if (mac !== null) return start + mac[0].length;
  IPV6.lastIndex = start;
  const ip = IPV6.exec(text);
  if (ip !== null && isIpv6(ip[0])) emit('ip_address', start, start + ip[0].length);
  let end = at + 1;
  while (end < text.length && end - at < 48 && isPart(text.charCodeAt(end))) end += 1;
  return end;
}

/** Eight groups, or fewer with one `::`; times and namespaces have neither. */
function isIpv6(written: string): boolean {
  const address = written.replace(/%.*$/, '').replace(/(?:\d{1,3}\.){3}\d{1,3}$/, '0:0');
  const halves = address.split('::');
  if (halves.length > 2) return false;
  const groups = address.split(':').filter((group) => group !== '');
  if (halves.length === 1) return groups.length === 8 && !address.startsWith(':') && !address.endsWith(':');
  return groups.length >= 2 && groups.length <= 7 && /\d/.test(address);
}
