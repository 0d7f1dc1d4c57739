/**
 * Finds text that tries to give orders to whoever reads it: signals in its words, however they are spelled, chat template
 * markers, commands, and characters that people cannot see. It judges text; it never acts on it.
 */

import type { Hits } from './anchors.ts';
import { isAlnum } from './char-kinds.ts';
import type { Emit } from './emit.ts';
import { COMMAND_ANCHORS, detectCommand } from './injection-commands.ts';
import { FOREIGN } from './injection-languages.ts';
import { headerAt, MARKER_ANCHORS, markerAt, ROLE_ANCHORS } from './injection-markers.ts';
import { judgeForeignSentences } from './judge-sentences.ts';
import { oddityOf } from './letter-statistics.ts';
import type { View } from './normalise.ts';
import { readMeanings } from './read-meanings.ts';
import { REVERSED_ANCHORS, type Respell, ROTATED_ANCHORS, RUN_ANCHORS, respelled } from './respell.ts';
import { CODE_ANCHORS, type CodeSign, MIN_NUMBERS, PIG_ANCHOR, signOf } from './respell-codes.ts';
import { withSignedWords } from './signed-words.ts';
import { HONEST, readsHonest, reportForeignSentences, weighSignals } from './weigh-signals.ts';

/** Every literal that an attempt is found by; `detectPromptInjection` is told which of them ended where. */
export const INJECTION_ANCHORS: readonly string[] = [
  ...MARKER_ANCHORS,
  ...ROLE_ANCHORS,
  ...COMMAND_ANCHORS,
  ...REVERSED_ANCHORS,
  ...ROTATED_ANCHORS,
  ...RUN_ANCHORS,
  ...CODE_ANCHORS,
  PIG_ANCHOR,
];
const ROLES = MARKER_ANCHORS.length;
const COMMANDS = ROLES + ROLE_ANCHORS.length;
const REVERSED = COMMANDS + COMMAND_ANCHORS.length;
const ROTATED = REVERSED + REVERSED_ANCHORS.length;
const RUNS = ROTATED + ROTATED_ANCHORS.length;
const CODES = RUNS + RUN_ANCHORS.length;
const PIG = CODES + CODE_ANCHORS.length;

const MAX_RUNS = 256;
const MIN_RUN = 16;
const ROT13 = 13;
const MIN_PIGS = 3;
/** Signs that are written for letters. */
const SIGNS = ['@', '$', '|', '+', '!'];
/** A shorter text is no order, however it is written. */
const MIN_DISGUISED = 14;
const NOTHING: Respell = () => [];
const NO_CODES: ReadonlySet<CodeSign> = new Set();

// Tag characters and variation selectors carry whole messages unseen. Flags of regions use up to seven of them after a
// black flag, emoji one or two.
const UNSEEN =
  /(?:[\u{e0020}-\u{e007f}]|[\u{e0100}-\u{e01ef}]){8,}|[\ufe00-\ufe0f]{8,}|[\u200b-\u200d\u2060-\u2064]{16,}/gu;

const MAY_BE_UNSEEN = /[\u200b-\u2064]|[\ufe00-\ufe0f]|\udb40/;
const OTHER_SCRIPTS = /[\u0400-\u06ff\u0900-\u097f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/;

/** The letters of the languages that FOREIGN has rows of: without one of them none of its rows fits. */
const SCRIPTS: readonly (readonly [languages: string, letters: RegExp])[] = [
  ['ru uk', /[\u0400-\u052f]/],
  ['zh ja', /[\u3040-\u30ff\u3400-\u9fff]/],
  ['ko', /[\uac00-\ud7af]/],
  ['ar', /[\u0600-\u06ff]/],
  ['hi', /[\u0900-\u097f]/],
  ['he', /[\u0590-\u05ff]/],
];
const SCRIPT_OF = FOREIGN.map(([, name]) => SCRIPTS.findIndex(([languages]) => languages.includes(name)));

/** `firstAnchor`: index of the first of `INJECTION_ANCHORS`. `isGuess`: the words may be put there by whoever read them. */
export type Reader = { readonly firstAnchor: number; readonly isGuess: boolean };

/**
 * Reports attempts to instruct a reader in folded text, and returns what makes the texts that it may be meant as.
 */
export function detectPromptInjection(view: View, hits: Hits, { firstAnchor, isGuess }: Reader, emit: Emit): Respell {
  const { text } = view;
  const seen = { reversed: 0, rotated: 0, codes: NO_CODES, runs: [] as number[], isGuess };
  let pigs = 0;
  for (let i = 0; i < hits.anchors.length; i += 1) {
    const anchor = hits.anchors[i]! - firstAnchor;
    const end = hits.ends[i]!;
    if (anchor < 0) continue;
    if (anchor < ROLES) {
      const marker = markerAt(text, anchor, end);
      if (marker !== null) emit(marker.type, marker.start, marker.end, { why: 'marker' });
    } else if (anchor < COMMANDS) {
      const header = headerAt(text, anchor - ROLES, end);
      if (header !== null) emit('delimiter_spoofing', header.start, header.end, { why: 'role header' });
    } else if (anchor < REVERSED) detectCommand(text, anchor - COMMANDS, end, emit);
    else if (anchor < ROTATED) seen.reversed += 1;
    else if (anchor < RUNS) seen.rotated += 1;
    else if (anchor >= PIG) pigs += 1;
    else if (anchor >= CODES) seen.codes = withSign(seen.codes, signOf(anchor - CODES));
    else if (seen.runs.length < MAX_RUNS && hits.survey.hasRun) seen.runs.push(end - 1);
  }
  if (pigs >= MIN_PIGS) seen.codes = withSign(seen.codes, 'pigs');
  return detectWords(view, hits, seen, emit);
}

/** Reports what only the text as it was written shows: other scripts, and what nobody can see. */
export function detectForeignInjection(text: string, emit: Emit): void {
  for (const found of MAY_BE_UNSEEN.test(text) ? text.matchAll(UNSEEN) : []) {
    emit('hidden_text', found.index, found.index + found[0].length, { why: 'invisible characters' });
  }
  if (!OTHER_SCRIPTS.test(text)) return;
  const judged = judgeForeignSentences(text);
  reportForeignSentences(judged, emit);
  const has = SCRIPTS.map(([, letters]) => letters.test(text));
  for (const [i, [type, name, pattern]] of FOREIGN.entries()) {
    if (has[SCRIPT_OF[i]!] === false) continue;
    for (const found of text.matchAll(pattern)) {
      const end = found.index + found[0].length;
      if (!readsHonest(judged, found.index, end)) emit(type, found.index, end, { why: `words, ${name}` });
      else emit(type, found.index, end, { why: `words, ${name}; ${HONEST}`, severity: 'low' });
    }
  }
}

function withSign(signs: Seen['codes'], sign: CodeSign): Seen['codes'] {
  return signs.has(sign) ? signs : new Set([...signs, sign]);
}

type Seen = {
  readonly reversed: number;
  readonly rotated: number;
  readonly codes: ReadonlySet<CodeSign>;
  readonly runs: readonly number[];
  readonly isGuess: boolean;
};

function detectWords(view: View, { survey }: Hits, seen: Seen, emit: Emit): Respell {
  const { text } = view;
  const words = readMeanings(view);
  weighSignals(view, words.meanings, { judges: !seen.isGuess }, emit);
  if (text.length < MIN_DISGUISED) return NOTHING;
  return (most, budget) => {
    const letters = oddityOf(view);
    return respelled(
      view,
      most,
      {
        hasSpelled: words.hasSpelled,
        isCut: words.isCut,
        isJumbled: words.isJumbled,
        games: words.games,
        taken: words.taken,
        isAffixed: words.isAffixed,
        isDrawn: letters.isDrawn,
        lacksVowels: letters.lacksVowels,
        isStrange: letters.isStrange,
        isMixed: letters.isMixed,
        isReversed: seen.reversed > 0,
        shifts: seen.rotated > 0 && !letters.shifts.includes(ROT13) ? [ROT13, ...letters.shifts] : letters.shifts,
        codes: survey.digits < MIN_NUMBERS ? seen.codes : withSign(seen.codes, 'numbers'),
        leet:
          survey.hasOddSigns && SIGNS.some((sign) => standsInside(text, sign))
            ? withSignedWords(view, most, words.leet)
            : words.leet,
        runs: seen.runs.filter((at) => isLongRun(text, at)),
        isStarred: survey.hasOddSigns && standsInside(text, '*'),
        isForeign: survey.needsFold,
      },
      budget,
    );
  };
}

/** Whether a sign stands right between letters or digits somewhere. */
function standsInside(text: string, sign: string): boolean {
  for (let at = text.indexOf(sign); at !== -1; at = text.indexOf(sign, at + 1))
    if (isAlnum(text.charCodeAt(at - 1)) && isAlnum(text.charCodeAt(at + 1))) return true;
  return false;
}

/** Whether the token around a place is as long as words run together are. */
function isLongRun(text: string, at: number): boolean {
  let length = 1;
  for (let i = at - 1; i >= 0 && length < MIN_RUN && isAlnum(text.charCodeAt(i)); i -= 1) length += 1;
  for (let i = at + 1; i < text.length && length < MIN_RUN && isAlnum(text.charCodeAt(i)); i += 1) length += 1;
  return length >= MIN_RUN;
}
