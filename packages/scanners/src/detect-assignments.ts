/**
 * Decides whether a value next to a name such as `password` or `api_key` looks like a credential, in running text
 * (`password=…`, `"api_key": "…"`) and as a JSON member. It never keeps what it read.
 */
import type { Emit } from './detect-pii.ts';

// Compared with the name in lower case without separators, at its end: DB_PASSWORD, dbPassword and x-api-key all fit.
const NAMES = [
  'password',
  'passwd',
  'passphrase',
  'passwort',
  'kennwort',
  'contrasena',
  'motdepasse',
  'pwd',
  'secret',
  'secretkey',
  'apikey',
  'apisecret',
  'accesskey',
  'secretaccesskey',
  'clientsecret',
  'signingkey',
  'encryptionkey',
  'privatekey',
  'authtoken',
  'accesstoken',
  'refreshtoken',
  'apitoken',
  'bearertoken',
  'sessiontoken',
  'bottoken',
  'credential',
  'credentials',
  'authorization',
]; // prettier-ignore
const WHOLE_NAMES = new Set(['token', 'pass', 'auth', 'bearer', 'pw']);

/** Whether a member or variable of this name holds a credential. */
export function isCredentialName(name: string): boolean {
  const plain = name.toLowerCase().replace(/[^a-z]/g, '');
  return WHOLE_NAMES.has(plain) || NAMES.some((known) => plain.endsWith(known));
}

const PLACEHOLDER =
  /^(?:\[redacted|[*.x#_-]+$|[<{$%(]|your|my-|enter|change|example|placeholder|null$|none$|true$|false$|undefined$|string$|required|env\.|process\.|vault|secretref|https?:|u?int\d|sha-?\d|scram-|\/)/i;
// settings.SECRET, getPassword(), role_password: a reference, not a value.
const REFERENCE = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+|^[A-Za-z_]\w*\(|^[A-Za-z]+(?:_[A-Za-z]+)+$/;

/** Shannon entropy in bits per character. */
export function measureEntropy(value: string): number {
  const counts = new Map<string, number>();
  for (const char of value) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length);
  return bits;
}

const MIN_LENGTH = 6;
const MIN_ENTROPY = 2;

/**
 * Whether a value looks like a credential. `strong` says that its place is unmistakable (`=`, quotes, a member);
 * in prose (`password: …`) a word without digit or symbol is an English word.
 */
export function looksSecret(value: string, strong: boolean): boolean {
  if (value.length < MIN_LENGTH || PLACEHOLDER.test(value) || REFERENCE.test(value)) return false;
  if (measureEntropy(value) < MIN_ENTROPY) return false;
  const hasDigit = /\d/.test(value);
  const hasLetter = /[A-Za-z]/.test(value);
  const hasSymbol = /[^\w\s.,-]/.test(value);
  if (hasLetter && (hasDigit || hasSymbol)) return strong || value.length >= 7;
  if (!strong) return value.length >= 20 && /[a-z]/.test(value) && /[A-Z]/.test(value);
  return hasDigit || value.length >= 10;
}

/** Reports the whole value of a member whose name says that it holds a credential. */
export function detectSecretMember(text: string, name: string, emit: Emit): void {
  if (text.length > 512 || /\s/.test(text) || !isCredentialName(name)) return;
  if (looksSecret(text, true)) emit('credential_assignment', 0, text.length);
}

const MAX_NAME = 40;
const MAX_VALUE = 512;
const isNameChar = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95 || code === 45;
const isPadding = (char: string): boolean => ' \t"\'`\\>='.includes(char);
const VALUE_END = /[\s"'`;&<>\\,)}\]]/;

// Each separator looks at most MAX_NAME back and MAX_VALUE ahead, and goes on after the value: linear.
/** Reports values in `name=value` and `name: value` where the name says credential. */
export function detectAssignments(text: string, emit: Emit): void {
  for (let at = nextSeparator(text, 0); at !== -1; at = nextSeparator(text, at + 1)) {
    let nameEnd = at;
    while (nameEnd > 0 && at - nameEnd < 4 && ' \t"\'`\\]'.includes(text[nameEnd - 1]!)) nameEnd -= 1;
    let nameStart = nameEnd;
    while (nameStart > 0 && nameEnd - nameStart < MAX_NAME && isNameChar(text.charCodeAt(nameStart - 1)))
      nameStart -= 1;
    if (nameStart === nameEnd || !isCredentialName(text.slice(nameStart, nameEnd))) continue;
    at = reportValue(text, at, emit);
  }
}

function nextSeparator(text: string, from: number): number {
  for (let i = from; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 58 || code === 61) return i;
  }
  return -1;
}

/** Reports the value after the separator at `at`; returns where to go on. */
function reportValue(text: string, at: number, emit: Emit): number {
  let start = at + 1;
  while (start < text.length && start - at <= 5 && isPadding(text[start]!)) start += 1;
  const scheme = /^(?:bearer|basic|token)\s{1,2}/i.exec(text.slice(start, start + 8));
  if (scheme) start += scheme[0].length;
  let end = start;
  while (end < text.length && end - start < MAX_VALUE && !VALUE_END.test(text[end]!)) end += 1;
  const strong = text[at] === '=' || /["'`]/.test(text.slice(at + 1, start)) || scheme !== null;
  const value = text.slice(start, end).replace(/[.!?]+$/, '');
  if (!looksSecret(value, strong)) return at;
  emit('credential_assignment', start, start + value.length);
  return start + value.length - 1;
}

// Words, one gap, a verb, one gap, one class: bounded before the value, nothing after it.
const STATEMENT =
  /(?:password|passphrase|passwort|kennwort|contrasena|contraseña|mot de passe|api key|secret)\s{1,2}(?:is now|is|ist|es|est)\s{1,2}["'`]?([^\s"'`]{8,128})/gi;

/** Reports values in sentences such as "my password is …"; only words with a digit among letters count there. */
export function detectStatements(text: string, emit: Emit): void {
  for (const found of text.matchAll(STATEMENT)) {
    const value = found[1]!.replace(/[.,;:!?)]+$/, '');
    if (!/\d/.test(value) || !looksSecret(value, false)) continue;
    const start = found.index + found[0].length - found[1]!.length;
    emit('credential_assignment', start, start + value.length);
  }
}
