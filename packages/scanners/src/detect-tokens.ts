/** Confirms the tokens of providers: the prefix's own case, alphabet and length of the body, nothing glued before it. */
import type { Emit, Note } from './emit.ts';
import type { FindingTypeName } from './finding-types.ts';
import { fitsChecksum, hasChecksum, type TokenChecksum } from './secret-checksums.ts';
import { ALPHABETS, OPEN, PROVIDERS, SHAPED_TOKENS } from './secret-providers.ts';

/** Characters that bodies of tokens inside of others may still be read over. */
export type Work = { left: number };
const SHORT_TOKEN = 128;

type Needle = {
  type: FindingTypeName;
  prefix: string;
  codes: Uint8Array;
  min: number;
  max: number;
  checksum: TokenChecksum | undefined;
};

const CODES = new Map(Object.entries(ALPHABETS).map(([name, alphabet]) => [name, codesOf(alphabet)]));

/** One for each prefix, in the order of the table. */
export const NEEDLES: readonly Needle[] = PROVIDERS.flatMap(([type, prefixes, alphabet, min, max, checksum]) =>
  prefixes.split(' ').map((prefix) => ({ type, prefix, codes: CODES.get(alphabet)!, min, max, checksum })),
);

const ALNUM = CODES.get('alnum')!;

// The endings and runs of the examples in documentation.
const DOCUMENTED =
  /EXAMPLE(?:KEY|TOKEN)?$|^(?:x{4}|X{4})|(?:x{8}|X{8}|1234567890abcdef|abcdefghijklmnop|ABCDEFGHIJKLMNOP)|4eC39HqLyjWDarjtT1zdp7dc/;

/** Reports the token whose prefix ends at `start`; returns where it ends, or `start`. Looks at OPEN characters at most. */
export function detectToken(text: string, needle: Needle, start: number, work: Work, emit: Emit): number {
  const { prefix, codes, min, max, type } = needle;
  const at = start - prefix.length;
  if (at > 0 && isOf(ALNUM, text.charCodeAt(at - 1)) && isOf(ALNUM, prefix.charCodeAt(0))) return start;
  if (!text.startsWith(prefix, at)) return start;
  let end = start;
  const most = work.left > 0 ? max : Math.min(max, SHORT_TOKEN);
  while (end < text.length && end - start <= most && isOf(codes, text.charCodeAt(end))) end += 1;
  while (end > start && text[end - 1] === '.') end -= 1;
  const length = end - start;
  work.left -= length;
  const isLonger = max !== OPEN && end < text.length && isOf(ALNUM, text.charCodeAt(end));
  if (length < min || (max !== OPEN && (length > max || isLonger))) return start;
  const body = text.slice(start, end);
  // What repeats a handful of characters does so to its end: no later start in it is any better.
  if (new Set(body.slice(0, 256)).size <= 5) return Math.max(start, end - 16);
  if (!isRandomEnough(body) || DOCUMENTED.test(body)) return start;
  emit(type, at, end, noteOf(needle, text.slice(at, end)));
  return end;
}

/** Only the length that the provider's sum is defined for is judged by it. */
function noteOf({ prefix, min, checksum }: Needle, token: string): Note {
  if (checksum === undefined || !hasChecksum(checksum, token, prefix.length + min)) return { why: 'prefix and length' };
  return fitsChecksum(checksum, token)
    ? { why: 'checksum', confidence: 'certain' }
    : { why: 'prefix and length, no checksum', confidence: 'possible' };
}

/** Reports the token without a prefix that has its literal's end at `end`. */
export function detectShapedToken(text: string, index: number, end: number, emit: Emit): void {
  const { type, before, after, pattern } = SHAPED_TOKENS[index]!;
  const from = Math.max(0, end - before);
  const found = pattern.exec(text.slice(from, end + after));
  if (found !== null) emit(type, from + found.index, from + found.index + found[0].length, { why: 'shape' });
}

function isOf(codes: Uint8Array, code: number): boolean {
  return code < 128 && codes[code] === 1;
}

/** Random text repeats little; `sk-` before a long hyphenated word, or a row of x, is not a token. */
function isRandomEnough(body: string): boolean {
  const sample = body.slice(0, 256);
  if (new Set(sample).size < Math.min(6, sample.length / 3)) return false;
  if (/[0-9]/.test(sample)) return !/^[a-z]+(?:[-_.][a-z]+){2,}[-_.]?[0-9]*$/.test(sample);
  return /[a-z]/.test(sample) && /[A-Z]/.test(sample) ? !/[a-z]{12}/.test(sample) : /^[A-Z]{16,}$/.test(sample);
}

function codesOf(alphabet: RegExp): Uint8Array {
  return Uint8Array.from({ length: 128 }, (_, code) => (alphabet.test(String.fromCharCode(code)) ? 1 : 0));
}
