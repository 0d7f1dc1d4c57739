/** Reads Latin words that are written in the letters of another script: by their sounds, or by the keys of its keyboard. */
import { type View, ViewBuilder } from './normalise.ts';
import { SPELLABLE } from './read-meanings.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz';
/** Keys of three rows, from the left. */
const KEYS = 'qwertyuiopasdfghjklzxcvbnm';

/** A row for each way of writing: the Latin letters, and as many of the script; a full stop where there is none. */
const ROWS: readonly (readonly [latin: string, written: string])[] = [
  [KEYS, 'йцукенгшщзфывапролдячсмить'],
  [ALPHABET, 'абцдефгхийклмнопкрстуввхыз'],
  [ALPHABET, 'абцдефгхижклмнопярстувщьйз'],
  [KEYS, '.ςερτυθιοπασδφγηξκλζχψωβνμ'],
  [ALPHABET, 'αβκδεφγηιικλμνοπκρστυβωξυζ'],
  [KEYS, "/'קראטוןםפשדגכעיחלךזסבהנמצ"],
  [ALPHABET, 'אבכדעפגהיגקלמנופקרסטווושיז'],
  [KEYS, 'ضصثقفغعهخحشسيبلاتنمئءؤرىةو'],
  [ALPHABET, 'ابسديفجهيجكلمنوبقرستوفوكيز'],
  [ALPHABET, 'აბცდეფგჰიჯკლმნოპქრსტუვწხყზ'],
  [KEYS, 'ქწერტყუიოპასდფგჰჯკლზხცვბნმ'],
  [ALPHABET, 'աբցդեֆգհիջկլմնոպքրստուվխյզ'],
  [KEYS, 'ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡ'],
];
const TABLES = ROWS.map(([latin, written]) => {
  const chars = [...written];
  return {
    latinOf: new Map(chars.map((char, i) => [char, latin[i]!])),
    writtenOf: new Map(chars.map((char, i) => [latin[i]!, char])),
    words: null as ReadonlyMap<string, string> | null,
  };
});
type Table = (typeof TABLES)[number];

/** Words that are looked at before a text is read so, and how many of them have to be known. */
const LOOKED = 6;
const KNOWN = 4;
const WORD = /[\p{L}\p{M}/']+/gu;
const MOST_CHARS = 4_000;
const FIRST_OTHER = 0x370;

/** The text in Latin letters, in the way that makes words of it. Null where none does. */
export function writtenByOthers(source: View): View | null {
  const { text } = source;
  if (text.length > MOST_CHARS || source.codes[0]! < FIRST_OTHER) return null;
  const words = (text.slice(0, 200).toLowerCase().match(WORD) ?? []).slice(0, LOOKED);
  if (words.length < LOOKED) return null;
  for (const table of TABLES) {
    if (!table.latinOf.has(words[0]![0] ?? '')) continue;
    const known = wordsOf(table);
    if (words.filter((word) => word.length > 1 && known.has(word)).length < KNOWN) continue;
    const builder = new ViewBuilder(source);
    let done = 0;
    for (const { 0: word, index } of text.matchAll(WORD)) {
      builder.copy(done, index);
      done = index + word.length;
      const lower = word.toLowerCase();
      const latin = known.get(lower) ?? Array.from(lower, (char) => table.latinOf.get(char) ?? char).join('');
      for (let i = 0; i < word.length; i += 1) builder.pushUnit(latin.charCodeAt(i), index + i, index + i + 1);
    }
    builder.copy(done, text.length);
    return builder.view();
  }
  return null;
}

/** Words of the vocabulary by how they are written: a letter may stand for several. */
function wordsOf(table: Table): ReadonlyMap<string, string> {
  table.words ??= new Map(
    Array.from(SPELLABLE, (word) => [Array.from(word, (char) => table.writtenOf.get(char) ?? char).join(''), word]),
  );
  return table.words;
}
