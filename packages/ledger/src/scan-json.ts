/**
 * Reads a JSON text once, character by character, and says whether every reader would understand it alike
 * (RFC 8259 grammar, RFC 7493 restrictions). It builds no value, and must never quote the text in a fault.
 */
import type { ErrorCode } from '@countersign/contracts/errors';
import { EVIDENCE_BOUNDS } from '@countersign/contracts/evidence-limits';

export type JsonFaultCode = Extract<ErrorCode, `json_${string}`>;

/** `pos` is an offset in UTF-16 units; `path` holds the keys and indexes that lead there. */
export type ScanFault = {
  readonly code: JsonFaultCode;
  readonly pos: number;
  readonly path: readonly (string | number)[];
  readonly detail: string;
};

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const SHORT_ESCAPES = '"\\/bfnrt';
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

class Scan {
  fault: ScanFault | null = null;
  private readonly text: string;
  private readonly maxDepth: number;
  private readonly path: (string | number)[] = [];
  private pos = 0;
  private depth = 0;
  private escaped = false;

  constructor(text: string, maxDepth: number) {
    this.text = text;
    this.maxDepth = maxDepth;
  }

  document(): boolean {
    this.space();
    if (!this.value()) return false;
    this.space();
    return this.pos === this.text.length || this.refuse('json_malformed', 'something follows the value');
  }

  private value(): boolean {
    switch (this.text.charCodeAt(this.pos)) {
      case OPEN_OBJECT:
        return this.object();
      case OPEN_ARRAY:
        return this.array();
      case QUOTE:
        return this.string();
      case 0x74:
        return this.literal('true');
      case 0x66:
        return this.literal('false');
      case 0x6e:
        return this.literal('null');
      default:
        return this.number();
    }
  }

  private object(): boolean {
    if (!this.enter()) return false;
    if (this.take(CLOSE_OBJECT)) return this.leave();
    const seen = new Set<string>();
    do {
      this.space();
      const start = this.pos;
      if (this.text.charCodeAt(start) !== QUOTE) return this.refuse('json_malformed', 'a key is expected');
      if (!this.string()) return false;
      const key = this.key(start);
      this.path.push(key);
      if (seen.has(key)) return this.refuse('json_duplicate_key', 'the key stands twice in one object', start);
      seen.add(key);
      this.space();
      if (!this.take(COLON)) return this.refuse('json_malformed', 'a colon is expected');
      this.space();
      if (!this.value()) return false;
      this.path.pop();
      this.space();
    } while (this.take(COMMA));
    return this.take(CLOSE_OBJECT) ? this.leave() : this.refuse('json_malformed', 'a comma or } is expected');
  }

  private array(): boolean {
    if (!this.enter()) return false;
    if (this.take(CLOSE_ARRAY)) return this.leave();
    let index = 0;
    do {
      this.space();
      this.path.push(index++);
      if (!this.value()) return false;
      this.path.pop();
      this.space();
    } while (this.take(COMMA));
    return this.take(CLOSE_ARRAY) ? this.leave() : this.refuse('json_malformed', 'a comma or ] is expected');
  }

  private enter(): boolean {
    if (this.depth >= this.maxDepth) return this.refuse('json_too_deep', `more than ${this.maxDepth} levels`);
    this.depth++;
    this.pos++;
    this.space();
    return true;
  }

  private leave(): boolean {
    this.depth--;
    return true;
  }

  private string(): boolean {
    const { text } = this;
    this.escaped = false;
    let i = this.pos + 1;
    while (i < text.length) {
      const unit = text.charCodeAt(i);
      if (unit === QUOTE) {
        this.pos = i + 1;
        return true;
      }
      if (unit === BACKSLASH) {
        i = this.escape(i);
        if (i < 0) return false;
      } else if (unit < 0x20) {
        if (unit === 0) return this.refuse('json_nul', 'U+0000 in a string', i);
        return this.refuse('json_malformed', 'an unescaped control character in a string', i);
      } else if (unit >= 0xd800 && unit <= 0xdfff) {
        const paired = isHighSurrogate(unit) && isLowSurrogate(text.charCodeAt(i + 1));
        if (!paired) return this.refuse('json_lone_surrogate', 'half of a surrogate pair', i);
        i += 2;
      } else i++;
    }
    return this.refuse('json_malformed', 'the string does not end', text.length);
  }

  /** The offset after the escape that starts at `at`, or -1. Both halves of a pair must be written the same way. */
  private escape(at: number): number {
    const { text } = this;
    this.escaped = true;
    const letter = text.charAt(at + 1);
    if (letter !== 'u') {
      if (letter !== '' && SHORT_ESCAPES.includes(letter)) return at + 2;
      this.refuse('json_malformed', 'an unknown escape', at);
      return -1;
    }
    const unit = hexUnit(text, at + 2);
    if (unit > 0 && (unit < 0xd800 || unit > 0xdfff)) return at + 6;
    if (isHighSurrogate(unit) && text.startsWith('\\u', at + 6) && isLowSurrogate(hexUnit(text, at + 8)))
      return at + 12;
    if (unit < 0) this.refuse('json_malformed', 'four hex digits are expected', at);
    else if (unit === 0) this.refuse('json_nul', 'U+0000 in a string', at);
    else this.refuse('json_lone_surrogate', 'half of a surrogate pair', at);
    return -1;
  }

  private key(start: number): string {
    if (!this.escaped) return this.text.slice(start + 1, this.pos - 1);
    return JSON.parse(this.text.slice(start, this.pos)) as string;
  }

  /**
   * Every double beyond 2^53-1 is an integer that stands for several, so readers with exact integers would see
   * another number: refused by value, however it is written. What a double rounds (1e-400 to 0, a digit too many away)
   * would be hashed and run as another number than was written.
   */
  private number(): boolean {
    NUMBER.lastIndex = this.pos;
    if (!NUMBER.test(this.text)) return this.refuse('json_malformed', 'a value is expected');
    const written = this.text.slice(this.pos, NUMBER.lastIndex);
    const value = Number(written);
    if (Math.abs(value) > Number.MAX_SAFE_INTEGER) {
      return this.refuse('json_unsafe_number', 'the number is beyond 2^53-1');
    }
    if (!isKeptExactly(written, value))
      return this.refuse('json_unsafe_number', 'a double cannot hold all of its digits');
    this.pos = NUMBER.lastIndex;
    return true;
  }

  private literal(word: string): boolean {
    if (!this.text.startsWith(word, this.pos)) return this.refuse('json_malformed', 'a value is expected');
    this.pos += word.length;
    return true;
  }

  private space(): void {
    const { text } = this;
    for (;;) {
      const unit = text.charCodeAt(this.pos);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      this.pos++;
    }
  }

  private take(unit: number): boolean {
    if (this.text.charCodeAt(this.pos) !== unit) return false;
    this.pos++;
    return true;
  }

  private refuse(code: JsonFaultCode, detail: string, pos = this.pos): false {
    this.fault = { code, pos, path: this.path, detail };
    return false;
  }
}

/** Up to so many digits a double gives back what was written (IEEE 754, DBL_DIG). */
const ALWAYS_EXACT = 15;

/** The first fault of `text`, or null when it is one well-formed value, at most `maxDepth` containers deep. */
export function scanJson(text: string, maxDepth: number): ScanFault | null {
  const scan = new Scan(text, Math.min(maxDepth, EVIDENCE_BOUNDS.canonical_depth));
  return scan.document() ? null : scan.fault;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** Whether the double's own shortest text names the same decimal number as what was written. */
function isKeptExactly(written: string, value: number): boolean {
  if (written.length <= ALWAYS_EXACT && !/[eE]/.test(written)) return true;
  return decimalOf(written) === decimalOf(String(value));
}

/** One spelling for each decimal number: its digits without zeros around them, and the power of ten of the last one. */
function decimalOf(text: string): string {
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text)!;
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  // By hand: a pattern for trailing zeros tries every zero of a long run, and again from each.
  let end = digits.length;
  while (end > 0 && digits.charCodeAt(end - 1) === 0x30) end--;
  if (end === 0) return '0';
  return `${sign}${digits.slice(0, end)}e${Number(exponent) - fraction.length + digits.length - end}`;
}

/** Four hex digits as a UTF-16 unit, or -1. */
function hexUnit(text: string, at: number): number {
  let unit = 0;
  for (let i = at; i < at + 4; i++) {
    const digit = text.charCodeAt(i);
    if (digit >= 0x30 && digit <= 0x39) unit = unit * 16 + digit - 0x30;
    else if ((digit | 0x20) >= 0x61 && (digit | 0x20) <= 0x66) unit = unit * 16 + (digit | 0x20) - 0x57;
    else return -1;
  }
  return unit;
}
