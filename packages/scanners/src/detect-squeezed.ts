/**
 * Reads a text as one row of letters, so that "i g n o r e", "ign0re" and "ignorePrevious" are the words they stand
 * for, and finds orders to drop earlier instructions in it. Only known words may stand between verb and object.
 */
import type { Emit } from './emit.ts';
import { DROP_VERBS, EARLIER_WORDS, INSTRUCTION_WORDS } from './injection-vocabulary.ts';

// Digits and signs that stand for letters once spaces are gone; `l` and `1` both become `i`, in the phrases too.
const LEET: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  l: 'i',
};
const squeezeChar = (char: string): string => {
  const lower = char.toLowerCase();
  return LEET[lower] ?? (lower >= 'a' && lower <= 'z' ? lower : '');
};
const squeeze = (text: string): string => [...text].map(squeezeChar).join('');
const squeezed = (...lists: string[]): ReadonlySet<string> => new Set(lists.join(',').split(',').map(squeeze));

const SQUEEZED_VERBS = [...squeezed(DROP_VERBS)].filter((verb) => verb.length >= 6);
const SQUEEZED_FILLERS = squeezed(
  'all,any,of,the,my,your,these,those,every,other,and,alle,las,los,les,die,der,tus,todas,toutes',
);
const SQUEEZED_EARLIER = squeezed(EARLIER_WORDS);
const SQUEEZED_OBJECTS = squeezed(INSTRUCTION_WORDS);
const LONGEST_WORD = 20;
const MAX_PHRASE_WORDS = 8;

// Letters 1 to 26 of each character code, 0 for what is squeezed out.
const CODES = Uint8Array.from({ length: 128 }, (_, code) => {
  const letter = squeezeChar(String.fromCharCode(code));
  return letter === '' ? 0 : letter.charCodeAt(0) - 96;
});
const VERB = 1;
const EARLIER = 2;
const OBJECT = 4;
const STEM_MASK = (1 << 20) - 1;
// The first four letters of each word, five bits a letter, and what kind of word may start so.
const STEMS = new Uint8Array(STEM_MASK + 1);
const addStems = (list: Iterable<string>, kind: number): void => {
  for (const word of list) {
    let stem = 0;
    for (let i = 0; i < 4; i += 1) stem = (stem << 5) | CODES[word.charCodeAt(i)]!;
    STEMS[stem]! |= kind;
  }
};
addStems(SQUEEZED_VERBS, VERB);
addStems(SQUEEZED_EARLIER, EARLIER);
addStems(SQUEEZED_OBJECTS, OBJECT);

/** Whether the letters of the text hold the beginnings of all three kinds of word; most texts stop here. */
function mayHoldPhrase(text: string): boolean {
  let stem = 0;
  let kinds = 0;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    const letter = code < 128 ? CODES[code]! : 0;
    if (letter === 0) continue;
    stem = ((stem << 5) | letter) & STEM_MASK;
    kinds |= STEMS[stem]!;
  }
  return kinds === (VERB | EARLIER | OBJECT);
}

type Squeezed = { text: string; places: number[] };

function squeezeWithPlaces(text: string): Squeezed {
  const letters: string[] = [];
  const places: number[] = [];
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    const letter = code < 128 ? CODES[code]! : 0;
    if (letter === 0) continue;
    letters.push(String.fromCharCode(letter + 96));
    places.push(i);
  }
  return { text: letters.join(''), places };
}

function longestWordAt(text: string, at: number): { word: string; isObject: boolean; isEarlier: boolean } | null {
  for (let length = Math.min(LONGEST_WORD, text.length - at); length >= 2; length -= 1) {
    const word = text.slice(at, at + length);
    const isObject = SQUEEZED_OBJECTS.has(word);
    const isEarlier = SQUEEZED_EARLIER.has(word);
    if (isObject || isEarlier || SQUEEZED_FILLERS.has(word)) return { word, isObject, isEarlier };
  }
  return null;
}

/** End of "verb, fillers, earlier and object" read without spaces from `at`, or -1. Only known words may stand in it. */
function readPhrase(text: string, at: number): number {
  let hasObject = false;
  let hasEarlier = false;
  let end = at;
  for (let n = 0; n < MAX_PHRASE_WORDS; n += 1) {
    const next = longestWordAt(text, end);
    if (!next) return -1;
    end += next.word.length;
    hasObject ||= next.isObject;
    hasEarlier ||= next.isEarlier;
    if (hasObject && hasEarlier) return end;
  }
  return -1;
}

/** The shortest phrase: a verb of six letters, `prior` and `prompt`. */
export const MIN_SQUEEZED_LETTERS = 17;

/** Reports phrases written without spaces, with spaces between the letters, or with digits for letters. */
export function detectSqueezed(text: string, emit: Emit): void {
  if (!mayHoldPhrase(text)) return;
  const { text: letters, places } = squeezeWithPlaces(text);
  for (const verb of SQUEEZED_VERBS) {
    for (let at = letters.indexOf(verb); at !== -1; at = letters.indexOf(verb, at + 1)) {
      const end = readPhrase(letters, at + verb.length);
      if (end !== -1 && !isNegatedBefore(text, places[at]!)) emit('override', places[at]!, places[end - 1]! + 1);
    }
  }
}

const isNegatedBefore = (text: string, at: number): boolean =>
  /(?:^|[^a-z])(?:not|never|n['’]?t|nicht|nie|niemals|no|nunca|pas) ?$/i.test(text.slice(Math.max(0, at - 10), at));
