/**
 * Reads letters that were put in another order, or between others: fences of rails, columns, pairs, halves, one of every so
 * many letters. All of them are tried, and the one whose letters follow each other as in English is taken.
 */
import { isLetter } from './char-kinds.ts';
import { pairScore } from './letter-pairs.ts';
import { type View, ViewBuilder } from './normalise.ts';

const MOST_CHARS = 480;
/** Columns in any order are tried of shorter texts alone. */
const MOST_KEYED = 200;
const LEAST_CHARS = 20;
/** In the mean of all pairs, and above the text as it stands. */
const GOOD = 4.9;
const BETTER = 0.6;
const LEAST_KINDS = 8;
/** A heading such as `Read down the columns:`. */
const HEADING = /^[^\n:]{0,80}:\s+/;

/** Of each place in the order that is tried where it stood. */
type Order = readonly number[];

/** The text in the order that reads like English, or null where none does. */
export function reorderedView(source: View): View | null {
  const text = source.text.trimEnd();
  if (text.length > MOST_CHARS) return null;
  const letters = lettersOf(text);
  // A few letters make no sentence in any order.
  if (new Set(letters.filter((code) => code !== 0)).size < LEAST_KINDS) return null;
  let best: Order | null = null;
  let most = GOOD;
  for (const places of startsOf(text)) {
    if (places.length < LEAST_CHARS) continue;
    const least = score(letters, places) + BETTER;
    for (const order of orders(places.length)) {
      const tried = order.map((i) => places[i]!);
      const reached = score(letters, tried);
      if (reached > most && reached > least) [best, most] = [tried, reached];
    }
  }
  if (best === null) return null;
  const builder = new ViewBuilder(source, best.length);
  for (const i of best) builder.pushUnit(text.charCodeAt(i), i, i + 1);
  return builder.view();
}

/** All places behind a heading, and those without spaces. */
function startsOf(text: string): Order[] {
  const from = HEADING.exec(text)?.[0].length ?? 0;
  const all = Array.from(text, (_, i) => i).slice(from);
  return [all, all.filter((i) => text.charCodeAt(i) > 32)];
}

/** The code of each letter, 0 of what is none. */
function lettersOf(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length }, (_, i) => (isLetter(text.charCodeAt(i)) ? text.charCodeAt(i) : 0));
}

function score(letters: Uint8Array, places: Order): number {
  let sum = 0;
  let pairs = 0;
  let first = 0;
  for (let i = 0; i < places.length; i += 1) {
    const second = letters[places[i]!]!;
    if (first !== 0 && second !== 0) {
      sum += pairScore(first, second);
      pairs += 1;
    }
    first = second;
  }
  return pairs < LEAST_CHARS / 2 ? 0 : sum / pairs;
}

function* orders(length: number): Generator<Order> {
  const all = Array.from({ length }, (_, i) => i);
  for (let step = 2; step <= 5; step += 1) yield* everySo(length, step);
  for (let count = 2; count <= 8; count += 1) yield inverse(byRails(length, count));
  for (let size = 2; size <= 6; size += 1) yield byBlocks(all, size);
  for (const middle of new Set([length >> 1, (length + 1) >> 1])) yield [...all.slice(middle), ...all.slice(0, middle)];
  for (let width = 2; width <= 12; width += 1) {
    const columns = everySo(length, width);
    yield columns.flat();
    for (const keyed of width <= 5 && length <= MOST_KEYED ? permutations(columns) : [columns])
      yield inverse(keyed.flat());
  }
}

/** Every place of so many, from the first one on, from the second one on and so on. */
function everySo(length: number, step: number): Order[] {
  return Array.from({ length: step }, (_, from) => {
    const places: number[] = [];
    for (let i = from; i < length; i += step) places.push(i);
    return places;
  });
}

/** The order that undoes one. */
function inverse(order: Order): Order {
  const undone: number[] = [];
  for (const [to, from] of order.entries()) undone[from] = to;
  return undone;
}

/** Up and down over so many rails, read rail by rail. */
function byRails(length: number, count: number): Order {
  const period = 2 * (count - 1);
  const rails: number[][] = Array.from({ length: count }, () => []);
  for (let i = 0; i < length; i += 1) rails[Math.min(i % period, period - (i % period))]!.push(i);
  return rails.flat();
}

/** Each block of so many backwards. */
function byBlocks(all: Order, size: number): Order {
  return all.map(
    (i) => 2 * Math.floor(i / size) * size + Math.min(size, all.length - Math.floor(i / size) * size) - 1 - i,
  );
}

function permutations<Item>(items: readonly Item[]): Item[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
}
