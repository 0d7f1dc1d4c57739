/**
 * Reads short texts of a document in a row that stand in a row: the items of a list, the members of an object, one member of
 * every object in a list, names inside of names. What only all of them together say is found in each that has a part in it.
 */
import { decodeRun } from './decode-packed.ts';
import type { ScannerName } from './finding-types.ts';
import { type Match, matchPieced, matchText } from './match-text.ts';
import { type Budget, spend } from './scan-limits.ts';
import { NOWHERE } from './surroundings.ts';

/**
 * Where a text stands. `shape`: the same for places that differ in numbers alone, null where no other can have it; `inside`:
 * the object or list.
 */
type Place = {
  readonly parent: Place | null;
  readonly name: string | number;
  readonly shape: object | null;
  readonly inside: number;
};

/** What one text has a part in. */
export type Share<At = unknown> = { readonly matches: Match[]; readonly path: At; readonly isKey: boolean };

const LONGEST_PART = 120;
const LEAST_CHARS = 20;
/** An order has no more words, and the objects of a longer list are rows of data. */
const MOST_PARTS = 128;
const MOST_ALIKE = 8;
/** Names inside of names: fewer say nothing that a path does not. */
const LEAST_CHAIN = 4;
const MOST_CHAINS = 64;
const LEAST_NUMBERS = 12;
const LEAST_LETTERS = 14;

const RUN = /^[\w+/=~-]{4,}$/;
const NUMBER = /^(?:0x|\\x|%)?[0-9a-f]{2,3}$/i;

/** Collects the short texts of a document in order. */
export class Parts<At extends Place> {
  readonly #texts: string[] = [];
  readonly #places: number[] = [];
  readonly #paths: At[] = [];
  /** Those of one shape, those of one object or list, and names each of which stands inside of the one before. */
  readonly #byShape = new Map<object, number[]>();
  readonly #byInside = new Map<number, number[]>();
  readonly #chains: number[][] = [];
  #chain: At[] = [];
  #chainPlaces: number[] = [];

  /** `place`: counts the texts of the document. */
  add(text: string, place: number, path: At, isKey: boolean): void {
    if (text.length > LONGEST_PART) return;
    if (isKey) {
      if (path.parent === this.#chain.at(-1)) {
        this.#chain.push(path);
        this.#chainPlaces.push(place);
        return;
      }
      this.#endChain();
      // An emptied list would be given room for sixteen again.
      this.#chain = [path];
      this.#chainPlaces = [place];
      return;
    }
    const alike = path.shape === null ? [] : rowOf(this.#byShape, path.shape);
    if (alike.length >= MOST_PARTS) return;
    const i = this.#push(text, place, path);
    alike.push(i);
    if (alike.length > MOST_ALIKE) return;
    const beside = rowOf(this.#byInside, path.inside);
    if (beside.length < MOST_PARTS) beside.push(i);
  }

  /** What the texts have a part in, by their places in the document. */
  matches(scanners: readonly ScannerName[], budget: Budget): ReadonlyMap<number, Share<At>> {
    const shares = new Map<number, Share<At>>();
    const rows = this.#rows();
    const keys = new Set(this.#chains.flat());
    for (const row of rows) {
      const texts = row.map((i) => this.#texts[i]!);
      for (const { match, of } of matchesIn(texts, scanners, budget)) {
        const i = row[of]!;
        const share = shares.get(this.#places[i]!) ?? { matches: [], path: this.#paths[i]!, isKey: keys.has(i) };
        share.matches.push(match);
        shares.set(this.#places[i]!, share);
      }
    }
    return shares;
  }

  #push(text: string, place: number, path: At): number {
    this.#texts.push(text);
    this.#places.push(place);
    return this.#paths.push(path) - 1;
  }

  #endChain(): void {
    if (this.#chain.length >= LEAST_CHAIN && this.#chains.length < MOST_CHAINS)
      this.#chains.push(this.#chain.map((path, i) => this.#push(String(path.name), this.#chainPlaces[i]!, path)));
  }

  #rows(): number[][] {
    this.#endChain();
    const shapes = [...this.#byShape.values()];
    const seen = new Set(shapes.map((row) => `${row[0]} ${row.length}`));
    const others = [...this.#byInside.values()].filter((row) => !seen.has(`${row[0]} ${row.length}`));
    return [...shapes, ...others, ...this.#chains].filter((row) => row.length > 1);
  }
}

type Piece = { readonly match: Match; readonly of: number };

function matchesIn(texts: readonly string[], scanners: readonly ScannerName[], budget: Budget): Piece[] {
  const reading = readingOf(texts, budget);
  if (reading === null || (!reading.isCode && !scanners.includes('prompt_injection'))) return [];
  const joined = texts.join(reading.gap);
  const matches = reading.isCode ? matchText(joined, scanners, NOWHERE, budget) : matchPieced(joined, budget);
  return matches.flatMap((match) => piecesOf(match, texts, reading.gap.length));
}

function rowOf<Key>(rows: Map<Key, number[]>, key: Key): number[] {
  const known = rows.get(key);
  if (known !== undefined) return known;
  const row: number[] = [];
  rows.set(key, row);
  return row;
}

/** How they are read in a row; null where they say nothing. `isCode`: pieces of what programs write. */
function readingOf(texts: readonly string[], budget: Budget): { gap: string; isCode: boolean } | null {
  const chars = texts.reduce((sum, text) => sum + text.length, 0);
  if (!spend(budget, chars)) return null;
  if (texts.length >= LEAST_LETTERS && chars <= 2 * texts.length && texts.every((text) => text.length <= 2))
    return { gap: texts.some((text) => text.trim() === '') ? '' : ' ', isCode: false };
  if (chars < LEAST_CHARS) return null;
  if (texts.length >= LEAST_NUMBERS && texts.every((text) => NUMBER.test(text))) return { gap: ' ', isCode: true };
  if (texts.every((text) => RUN.test(text)) && decodeRun(texts.join(''), budget) !== null)
    return { gap: '', isCode: true };
  // Phrases that begin with capitals each stand for themselves: titles, entries of a menu.
  const phrases = texts.filter((text) => text.includes(' '));
  const begun = phrases.filter((text) => /^[A-Z]/.test(text));
  return begun.length > 1 && 2 * begun.length >= phrases.length ? null : { gap: ' ', isCode: false };
}

/** What of a match stands in each text; nothing where all of it stands in one, which is found there anyway. */
function piecesOf(match: Match, texts: readonly string[], gap: number): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  texts.forEach((text, of) => {
    const start = Math.max(0, match.start - at);
    const end = Math.min(text.length, match.end - at);
    if (start < end) pieces.push({ match: { ...match, start, end, isRest: pieces.length > 0 }, of });
    at += text.length + gap;
  });
  return pieces.length < 2 ? [] : pieces;
}
