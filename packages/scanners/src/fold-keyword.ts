/**
 * Brings keywords and the text they are looked for in to one form, so that nothing that nobody sees, and no letter that
 * only looks like another, keeps a word apart from itself. Both sides have to be folded. It never changes the source.
 */
import { latinLookalike } from './lookalikes.ts';

// Default ignorable (U+034F, U+FE0F, U+3164, tags), format characters, marks that found no letter to join, controls that
// are no white space (BEL, DEL), unassigned noncharacters. What is left of a struck-through letter is the letter.
const UNSEEN =
  /\p{Default_Ignorable_Code_Point}|\p{Cf}|\p{Me}|\p{Noncharacter_Code_Point}|(?=\p{Script=Inherited})\p{Mn}|(?!\s|\u0085)\p{Cc}/gu;
// Blank Braille and NEL are seen as white space.
const BLANK = /[\s\u0085\u2800]+/gu;
const WORD = /[\p{L}\p{N}]+/gu;
const PLAIN = /^[\t\n\r\x20-\x7e]*$/;

/** Lower case, compatibility forms, single spaces; without what is invisible. '' when nothing is left. */
export function foldKeyword(text: string): string {
  if (PLAIN.test(text)) return text.toLowerCase().replace(/\s+/g, ' ').trim();
  const seen = text.normalize('NFKC').toLowerCase().normalize('NFKC').replace(UNSEEN, '').normalize('NFKC');
  return seen.replace(WORD, unmix).toLowerCase().replace(BLANK, ' ').trim();
}

/** Letters of other scripts become Latin only in a word that mixes them with Latin: no language writes so. */
function unmix(word: string): string {
  return PLAIN.test(word) || !/[A-Za-z]/.test(word)
    ? word
    : Array.from(word, (char) => latinLookalike(char) ?? char).join('');
}
