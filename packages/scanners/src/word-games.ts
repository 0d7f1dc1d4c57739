/**
 * Words as games and slips of the keyboard write them. Every word of the vocabulary is played forwards, so that a game is a
 * row: what it makes of a telling word gives it away, and what it makes of the others is looked up.
 */

/** What a word becomes: one way of writing it, or several. */
type Game = (word: string) => readonly string[];

const VOWELS = /[aeiou]+/g;
const KEYS = ['qwertyuiop', 'asdfghjkl', 'zxcvbnm'];
const SHORTEST_SLIP = 5;

const GAMES: readonly Game[] = [
  // The first letter behind the others, the last before them, both changed, the halves changed.
  (word) => [word.slice(1) + word[0]!],
  (word) => [word.at(-1)! + word.slice(0, -1)],
  (word) => [word.at(-1)! + word.slice(1, -1) + word[0]!],
  (word) => [word.slice(word.length >> 1) + word.slice(0, word.length >> 1)],
  (word) => [word.slice((word.length + 1) >> 1) + word.slice(0, (word.length + 1) >> 1)],
  (word) => [[...word].reverse().join('')],
  (word) => [word.replace(/(.)(.)/g, '$2$1')],
  // Pig Latin, and the same with other ends.
  ...['ay', 'way', 'yay', 'hay', 'ey', 'a', 'us', 'um'].map(
    (end): Game =>
      (word) => [withoutStart(word) + end],
  ),
  // Something put in before vowels, behind them, or behind consonants.
  ...['ub', 'ib', 'ob', 'eg', 'idig', 'ithag', 'op', 'av', 'uf'].map(
    (put): Game =>
      (word) => [word.replace(VOWELS, (vowels) => put + vowels)],
  ),
  ...['p', 'f', 'b', 'l', 'g'].map(
    (put): Game =>
      (word) => [
        word.replace(VOWELS, (vowels) => vowels + put + vowels),
        word.replace(/[aeiou]/g, (vowel) => vowel + put + vowel),
      ],
  ),
  (word) => [word.replace(/[^aeiou]/g, (letter) => `${letter}o${letter}`)],
  (word) => [word.replace(/[^aeiouy]/g, (letter) => `${letter}ong`)],
  // Every vowel the same, or the next one.
  ...['a', 'o', 'i', 'u', 'x'].map(
    (vowel): Game =>
      (word) => [word.replace(/[aeiou]/g, vowel)],
  ),
  (word) => [word.replace(/[aeiou]/g, (vowel) => 'aeioua'['aeiou'.indexOf(vowel) + 1]!)],
  slips,
];

/** Words in which a game can be seen by one word alone: shorter ones become other words too often. */
const SHORTEST_TELLING = 5;
export const LONGEST_PLAYED = 48;

/** What games make of telling words: which games, by their place in the list. What is a word itself tells nothing. */
export function playsOf(
  telling: readonly string[],
  words: ReadonlySet<string>,
): ReadonlyMap<string, readonly number[]> {
  const plays = new Map<string, number[]>();
  GAMES.forEach((game, id) => {
    for (const word of telling)
      for (const played of word.length < SHORTEST_TELLING ? [] : game(word))
        if (!words.has(played)) plays.set(played, [...(plays.get(played) ?? []), id]);
  });
  return plays;
}

/** Reads words that were played: each game's list is made when it is first asked for. */
export class Played {
  readonly #words: readonly string[];
  readonly #lists = new Map<number, ReadonlyMap<string, string>>();

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  /** The word that one of the games makes this of. */
  read(written: string, games: Iterable<number>): string | undefined {
    if (written.length > LONGEST_PLAYED) return undefined;
    for (const id of games) {
      const list = this.#listOf(id);
      const word =
        list.get(written) ??
        (id === SLIPS
          ? fewerLetters(written)
              .map((one) => list.get(one))
              .find(Boolean)
          : undefined);
      if (word !== undefined) return word;
    }
    return undefined;
  }

  #listOf(id: number): ReadonlyMap<string, string> {
    const known = this.#lists.get(id);
    if (known !== undefined) return known;
    const game = id === SLIPS ? fewerLetters : GAMES[id]!;
    const list = new Map<string, string>();
    for (const word of this.#words)
      if (id !== SLIPS || word.length >= SHORTEST_SLIP)
        for (const played of game(word)) if (!list.has(played)) list.set(played, word);
    this.#lists.set(id, list);
    return list;
  }
}

/** Pig Latin's beginning of the end: the consonants in front, behind the rest. */
function withoutStart(word: string): string {
  return word.replace(/^(qu|[^aeiou]*)(.*)$/, '$2$1');
}

/** One letter left out, doubled, changed with its neighbour, or another key hit beside the right one. */
function slips(word: string): string[] {
  const made = [...fewerLetters(word)];
  for (let i = 0; i < word.length; i += 1) {
    const [before, letter, after] = [word.slice(0, i), word[i]!, word.slice(i + 1)];
    made.push(before + letter + letter + after);
    if (after !== '') made.push(before + after[0] + letter + after.slice(1));
    const row = KEYS.find((keys) => keys.includes(letter));
    const key = row?.indexOf(letter) ?? 0;
    for (const beside of [row?.[key - 1], row?.[key + 1]]) if (beside !== undefined) made.push(before + beside + after);
  }
  return made.filter((one) => one !== word);
}

/** The word without one letter, each way, and itself: two words of which these meet are one slip apart. */
function fewerLetters(word: string): string[] {
  return [word, ...Array.from(word, (_, i) => word.slice(0, i) + word.slice(i + 1))];
}

const SLIPS = GAMES.length - 1;
