/**
 * Reads words whose letters were garbled so that people still read them: cut apart, in another order, drawn out, without
 * vowels, with stars. What is not a word of the vocabulary is replaced by the one that it can only stand for.
 */
import { type View, ViewBuilder } from './normalise.ts';
import { SPELLABLE } from './read-meanings.ts';
import { jumbledKey, TELLING } from './telling-words.ts';
import { Played } from './word-games.ts';

/** What tells that words may be garbled so. */
export type Garbling = {
  readonly isCut: boolean;
  readonly isJumbled: boolean;
  readonly isDrawn: boolean;
  readonly lacksVowels: boolean;
  readonly isStarred: boolean;
  /** Games, as word-games.ts lists them. */
  readonly games: ReadonlySet<number>;
};

const TOKEN = /[A-Za-z*]+/g;
const MAX_PIECES = 6;
const LONGEST = 18;
const MAX_STARRED = 64;
const STAR = 42;

const WORDS = [...TELLING, ...SPELLABLE].filter((word) => /^[a-z]{2,}$/.test(word));
const BY_DRAWN = index(collapsed, 2);
const BY_CONSONANTS = index(consonants, 3);
const BY_JUMBLED = index(jumbledKey, 4);
const PLAYED = new Played(WORDS);
const BY_LENGTH = Map.groupBy(WORDS, (word) => word.length);

/** The text with what stands for words as those words. Null where nothing does. */
export function garbledView(source: View, garbling: Garbling): View | null {
  const builder = new ViewBuilder(source);
  let done = 0;
  let starred = 0;
  const tokens = [...source.text.matchAll(TOKEN)];
  for (let i = 0; i < tokens.length; i += 1) {
    const token = tokens[i]!;
    const written = token[0].toLowerCase();
    const pieces = garbling.isCut ? piecesOf(source.text, tokens, i) : 1;
    if (pieces > 1) {
      const from = token.index;
      const last = tokens[i + pieces - 1]!;
      const to = last.index + last[0].length;
      builder.copy(done, from);
      for (let at = from; at < to; at += 1) {
        const code = source.text.charCodeAt(at) | 32;
        if (code >= 97 && code <= 122) builder.pushUnit(code, at, at + 1);
      }
      done = to;
      i += pieces - 1;
      continue;
    }
    if (written.includes('*')) starred += 1;
    const word = starred > MAX_STARRED || SPELLABLE.has(written) ? undefined : meant(written, garbling);
    if (word === undefined) continue;
    builder.copy(done, token.index);
    done = token.index + token[0].length;
    builder.push(word, token.index, done);
  }
  if (done === 0) return null;
  builder.copy(done, source.text.length);
  return builder.view();
}

/** The word that a token can only stand for. */
function meant(written: string, { isDrawn, isJumbled, lacksVowels, isStarred, games }: Garbling): string | undefined {
  if (written.length > 3 * LONGEST) return undefined;
  if (written.includes('*')) return isStarred ? unstarred(written) : undefined;
  const drawn = isDrawn ? BY_DRAWN.get(collapsed(written)) : undefined;
  const jumbled = isJumbled && written.length > 3 ? BY_JUMBLED.get(jumbledKey(written)) : undefined;
  const played = games.size > 0 ? PLAYED.read(written, games) : undefined;
  return drawn ?? jumbled ?? played ?? (lacksVowels ? BY_CONSONANTS.get(consonants(written)) : undefined);
}

function unstarred(written: string): string | undefined {
  if (written.length < 4 || written.replaceAll('*', '').length < 3) return undefined;
  return BY_LENGTH.get(written.length)?.find((word) => isStarredOf(word, written));
}

function isStarredOf(word: string, written: string): boolean {
  for (let i = 0; i < word.length; i += 1)
    if (written.charCodeAt(i) !== STAR && written.charCodeAt(i) !== word.charCodeAt(i)) return false;
  return true;
}

/** How many tokens from the i-th on make up one word of the vocabulary, at least one of them being none; 1 where none do. */
function piecesOf(text: string, tokens: readonly RegExpExecArray[], i: number): number {
  let joined = tokens[i]![0].toLowerCase();
  let pieces = 1;
  let hasFragment = !SPELLABLE.has(joined);
  for (let next = i + 1; next < tokens.length && next < i + MAX_PIECES; next += 1) {
    const before = tokens[next - 1]!;
    const gap = tokens[next]!.index - before.index - before[0].length;
    const piece = tokens[next]![0].toLowerCase();
    joined += piece;
    if (gap > 2 || joined.length > LONGEST || text.charCodeAt(tokens[next]!.index - 1) === 42) break;
    hasFragment ||= !SPELLABLE.has(piece);
    if (joined.length > 3 && SPELLABLE.has(joined) && (hasFragment || TELLING.includes(joined))) pieces = next - i + 1;
  }
  return pieces;
}

function index(keyOf: (word: string) => string, shortest: number): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (const word of WORDS) {
    const key = keyOf(word);
    if (word.length > shortest && !map.has(key)) map.set(key, word);
  }
  return map;
}

/** Each letter once where it stands several times in a row. */
function collapsed(word: string): string {
  return word.replace(/([a-z])\1+/g, '$1');
}

/** Its first letter, and of the others those that are no vowels. */
function consonants(word: string): string {
  return word.slice(0, 1) + word.slice(1).replace(/[aeiou]/g, '');
}
