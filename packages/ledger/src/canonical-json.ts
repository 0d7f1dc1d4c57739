/**
 * JSON in and out of everything that is hashed: a parser that refuses what two readers could read differently, and
 * RFC 8785 canonical text. Neither ever repairs its input, and no fault quotes it beyond the names of keys.
 */
import { EVIDENCE_BOUNDS } from '@countersign/contracts/evidence-limits';
import { type JsonFaultCode, type ScanFault, scanJson } from './scan-json.ts';

export type { JsonFaultCode } from './scan-json.ts';

export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/** `at` is a JSON pointer (RFC 6901; shortened when long) with line and column, e.g. `/labels/env (line 3, column 12)`. */
export type ParseResult =
  | { readonly ok: true; readonly value: JsonValue }
  | { readonly ok: false; readonly code: JsonFaultCode; readonly at: string; readonly detail: string };

export type ParseLimits = { readonly max_bytes?: number; readonly max_depth?: number };

/** Up to this length a loop over the units is cheaper than the call into JSON.stringify. */
const SHORT_STRING = 48;

/** RFC 8259, section 8.1: it must not be added, and of two readers one may refuse it. */
const BYTE_ORDER_MARK = '\ufeff';
const NO_MARK = 'it begins with a byte order mark (U+FEFF); send UTF-8 without one';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenientUtf8 = new TextDecoder('utf-8', { ignoreBOM: true });

export type CanonicalCode =
  | 'canonical_not_json'
  | 'canonical_lone_surrogate'
  | 'canonical_non_finite'
  | 'canonical_too_deep';

/** A value that has no canonical text reached the hasher: a bug of the caller, never of who sent the request. */
export class CanonicalError extends Error {
  override readonly name = 'CanonicalError';
  readonly code: CanonicalCode;

  constructor(code: CanonicalCode, detail: string) {
    super(`${code}: ${detail}`);
    this.code = code;
  }
}

/**
 * Parses JSON (RFC 8259) under the restrictions of I-JSON (RFC 7493): no duplicate keys, no lone surrogates, no
 * number beyond ±(2^53−1) or that a double would round; and no U+0000, which Postgres cannot hold. Sizes are bytes of UTF-8; the defaults are the
 * largest message and `json_depth`. A `__proto__` key becomes an ordinary own property.
 */
export function parseStrict(text: string | Uint8Array, limits: ParseLimits = {}): ParseResult {
  const maxBytes = limits.max_bytes ?? EVIDENCE_BOUNDS.message_bytes;
  if (isLonger(text, maxBytes))
    return { ok: false, code: 'json_too_large', at: '', detail: `more than ${maxBytes} bytes` };
  const decoded = typeof text === 'string' ? text : decodeUtf8(text);
  if (decoded === null) return refuseBytes(text as Uint8Array);
  if (decoded.startsWith(BYTE_ORDER_MARK))
    return { ok: false, code: 'json_malformed', at: placeOf('', 0), detail: NO_MARK };
  const fault = scanJson(decoded, limits.max_depth ?? EVIDENCE_BOUNDS.json_depth);
  if (fault !== null) return refuse(decoded, fault);
  // JSON.parse defines own properties (ECMA-262 InternalizeJSONProperty), so `__proto__` pollutes nothing.
  return { ok: true, value: JSON.parse(decoded) as JsonValue };
}

/**
 * RFC 8785 text of a JSON value: members sorted by UTF-16 units, ECMAScript numbers, shortest escapes. Throws
 * CanonicalError for all that is not JSON, members that are undefined included: what is left out must be absent.
 */
export function canonicalize(value: unknown): string {
  return write(value, 0);
}

function isLonger(text: string | Uint8Array, maxBytes: number): boolean {
  if (typeof text !== 'string') return text.byteLength > maxBytes;
  if (text.length > maxBytes) return true;
  return text.length * 3 > maxBytes && Buffer.byteLength(text, 'utf8') > maxBytes;
}

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return null;
  }
}

function refuseBytes(bytes: Uint8Array): ParseResult {
  const repaired = Buffer.from(lenientUtf8.decode(bytes));
  const sound = repaired.findIndex((byte, i) => byte !== bytes[i]);
  const before = lenientUtf8.decode(bytes.subarray(0, sound));
  return { ok: false, code: 'json_bad_utf8', at: placeOf(before, before.length), detail: 'the bytes are not UTF-8' };
}

function placeOf(text: string, pos: number): string {
  const before = text.slice(0, pos);
  const lineStart = before.lastIndexOf('\n') + 1;
  return `(line ${before.split('\n').length}, column ${pos - lineStart + 1})`;
}

function refuse(text: string, fault: ScanFault): ParseResult {
  const pointer = pointerOf(fault.path);
  const at = pointer === '' ? placeOf(text, fault.pos) : `${pointer} ${placeOf(text, fault.pos)}`;
  return { ok: false, code: fault.code, at, detail: fault.detail };
}

function pointerOf(path: readonly (string | number)[]): string {
  const pointer = path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  // Keys are the caller's and may be long.
  if (pointer.length <= EVIDENCE_BOUNDS.pointer_chars) return pointer;
  return `${pointer.slice(0, EVIDENCE_BOUNDS.pointer_chars).toWellFormed()}…`;
}

function write(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'number':
      if (!Number.isFinite(value)) throw new CanonicalError('canonical_non_finite', 'NaN or infinity');
      return `${value}`; // -0 becomes "0", as RFC 8785 section 3.2.2.3 asks
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      // A cycle ends here too.
      if (depth >= EVIDENCE_BOUNDS.canonical_depth) throw new CanonicalError('canonical_too_deep', 'too many levels');
      return Array.isArray(value) ? writeArray(value, depth + 1) : writeObject(value, depth + 1);
    default:
      throw new CanonicalError('canonical_not_json', `a value of type ${typeof value}`);
  }
}

function quote(text: string): string {
  if (text.length <= SHORT_STRING && isPlain(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new CanonicalError('canonical_lone_surrogate', 'half of a surrogate pair');
  return JSON.stringify(text);
}

/** Whether the text needs neither an escape nor a look at its surrogates. */
function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || unit === 0x22 || unit === 0x5c || (unit >= 0xd800 && unit <= 0xdfff)) return false;
  }
  return true;
}

function writeArray(values: readonly unknown[], depth: number): string {
  let text = '[';
  for (let i = 0; i < values.length; i++) {
    if (i > 0) text += ',';
    text += write(values[i], depth);
  }
  return `${text}]`;
}

function writeObject(value: object, depth: number): string {
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw new CanonicalError('canonical_not_json', 'an instance of a class');
  }
  const members = value as Record<string, unknown>;
  const keys = sortedKeys(members);
  let text = '{';
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    if (i > 0) text += ',';
    text += `${quote(key)}:${write(members[key], depth)}`;
  }
  return `${text}}`;
}

/** By UTF-16 units (RFC 8785 section 3.2.3), which is how `<` and the default sort compare. */
function sortedKeys(members: object): string[] {
  const keys = Object.keys(members);
  for (let i = 1; i < keys.length; i++) {
    if (keys[i]! < keys[i - 1]!) return keys.sort();
  }
  return keys;
}
