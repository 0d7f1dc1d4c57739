/** RFC 8785 canonical text, apart from the parser: whoever only verifies reads nothing that is not JSON already. */
import { EVIDENCE_BOUNDS } from '@countersign/contracts/evidence-limits';

/** Up to this length a loop over the units is cheaper than the call into JSON.stringify. */
const SHORT_STRING = 48;

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
 * RFC 8785 text of a JSON value: members sorted by UTF-16 units, ECMAScript numbers, shortest escapes. Throws
 * CanonicalError for all that is not JSON, members that are undefined included: what is left out must be absent.
 */
export function canonicalize(value: unknown): string {
  return write(value, 0);
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
