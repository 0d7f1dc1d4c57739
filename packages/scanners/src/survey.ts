/**
 * One cheap pass over a text that tells which detectors could possibly find something in it, so that an ordinary
 * payload pays for none. It may say yes too often; it must never say no where a detector would match.
 */

const DIGIT = 1;
const LETTER = 2;
const RUN = 4;
const ESCAPE = 8;
const MARK = 16;
const ASSIGN = 32;
const AT = 64;
const FOLD = 128;

const CLASSES = new Uint8Array(128);
const mark = (chars: string, bits: number): void => {
  for (const char of chars) CLASSES[char.charCodeAt(0)]! |= bits;
};
mark('0123456789', DIGIT | RUN);
mark('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ', LETTER | RUN);
mark('_-+/.~', RUN);
mark('%&\\', ESCAPE);
mark('<[#', MARK);
mark('=:', ASSIGN);
mark('@', AT);
for (let code = 0; code < 0x20; code += 1) if (code !== 9 && code !== 10 && code !== 13) CLASSES[code] = FOLD;
CLASSES[0x7f] = FOLD;

/** What stands in a text, counted once. */
export type Survey = {
  /** Not plain ASCII, or holds control characters: look at the folded view as well. */
  needsFold: boolean;
  /** Holds a character that can start an escape. */
  hasEscapes: boolean;
  digits: number;
  letters: number;
  hasAt: boolean;
  /** Holds `=` or `:`. */
  hasAssign: boolean;
  /** Holds `<`, `[` or `#`. */
  hasMarks: boolean;
  /** Length of the longest run of the characters that tokens are made of. */
  longestRun: number;
};

/** Surveys a text in one pass, about 2 ns a character. */
export function surveyText(text: string): Survey {
  let seen = 0;
  let digits = 0;
  let letters = 0;
  let run = 0;
  let longestRun = 0;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    const bits = code < 128 ? CLASSES[code]! : FOLD;
    seen |= bits;
    if (bits & DIGIT) digits += 1;
    else if (bits & LETTER) letters += 1;
    if (bits & RUN) run += 1;
    else if (run > 0) {
      if (run > longestRun) longestRun = run;
      run = 0;
    }
  }
  return {
    needsFold: (seen & FOLD) !== 0,
    hasEscapes: (seen & ESCAPE) !== 0,
    digits,
    letters,
    hasAt: (seen & AT) !== 0,
    hasAssign: (seen & ASSIGN) !== 0,
    hasMarks: (seen & MARK) !== 0,
    longestRun: Math.max(longestRun, run),
  };
}
