/**
 * JSON in and out of everything that is hashed: a parser that refuses what two readers could read differently, and
 * RFC 8785 canonical text (canonicalize.ts). Neither ever repairs its input, and no fault quotes it beyond the names of keys.
 */
import { EVIDENCE_BOUNDS } from '@countersign/contracts/evidence-limits';
import { type JsonFaultCode, type ScanFault, scanJson } from './scan-json.ts';

export { type CanonicalCode, CanonicalError, canonicalize } from './canonicalize.ts';
export type { JsonFaultCode } from './scan-json.ts';

export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/** `at` is a JSON pointer (RFC 6901; shortened when long) with line and column, e.g. `/labels/env (line 3, column 12)`. */
export type ParseResult =
  | { readonly ok: true; readonly value: JsonValue }
  | { readonly ok: false; readonly code: JsonFaultCode; readonly at: string; readonly detail: string };

export type ParseLimits = { readonly max_bytes?: number; readonly max_depth?: number };

/** RFC 8259, section 8.1: it must not be added, and of two readers one may refuse it. */
const BYTE_ORDER_MARK = '\ufeff';
const NO_MARK = 'it begins with a byte order mark (U+FEFF); send UTF-8 without one';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenientUtf8 = new TextDecoder('utf-8', { ignoreBOM: true });

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
