/**
 * Finds text that tries to give orders to whoever reads it: signals in its words, however they are spelled, chat template
 * markers, commands, and characters that people cannot see. It judges text; it never acts on it.
 */
import type { Hits } from './anchors.ts';
import type { Emit } from './emit.ts';
import { COMMAND_ANCHORS, detectCommand } from './injection-commands.ts';
import { FOREIGN } from './injection-languages.ts';
import { headerAt, MARKER_ANCHORS, markerAt, ROLE_ANCHORS } from './injection-markers.ts';
import { sourceSpan } from './normalise.ts';
import { readMeanings } from './read-meanings.ts';
import { REVERSED_ANCHORS, ROTATED_ANCHORS, RUN_ANCHORS, respelled } from './respell.ts';
import { weighSignals } from './weigh-signals.ts';

/** Every literal that an attempt is found by; `detectPromptInjection` is told which of them ended where. */
export const INJECTION_ANCHORS: readonly string[] = [
  ...MARKER_ANCHORS,
  ...ROLE_ANCHORS,
  ...COMMAND_ANCHORS,
  ...REVERSED_ANCHORS,
  ...ROTATED_ANCHORS,
  ...RUN_ANCHORS,
];
const ROLES = MARKER_ANCHORS.length;
const COMMANDS = ROLES + ROLE_ANCHORS.length;
const REVERSED = COMMANDS + COMMAND_ANCHORS.length;
const ROTATED = REVERSED + REVERSED_ANCHORS.length;
const RUNS = ROTATED + ROTATED_ANCHORS.length;

const MAX_RUNS = 256;
const MIN_RUN = 16;
const MIN_BINARY_DIGITS = 48;

// Tag characters and variation selectors carry whole messages unseen. Flags of regions use up to seven of them after a
// black flag, emoji one or two.
const UNSEEN =
  /(?:[\u{e0020}-\u{e007f}]|[\u{e0100}-\u{e01ef}]){8,}|[\ufe00-\ufe0f]{8,}|[\u200b-\u200d\u2060-\u2064]{16,}/gu;

const MAY_BE_UNSEEN = /[\u200b-\u2064]|[\ufe00-\ufe0f]|\udb40/;
const OTHER_SCRIPTS = /[\u0400-\u06ff\u0900-\u097f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/;

/** Reports attempts to instruct a reader in folded text. `firstAnchor`: index of the first of `INJECTION_ANCHORS`. */
export function detectPromptInjection(text: string, hits: Hits, firstAnchor: number, emit: Emit): void {
  const seen = { reversed: 0, rotated: 0, runs: [] as number[] };
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
    else if (seen.runs.length < MAX_RUNS && hits.survey.longestRun >= MIN_RUN) seen.runs.push(end - 1);
  }
  detectWords(text, hits, seen, emit);
}

/** Reports what only the text as it was written shows: other scripts, and what nobody can see. */
export function detectForeignInjection(text: string, emit: Emit): void {
  for (const found of MAY_BE_UNSEEN.test(text) ? text.matchAll(UNSEEN) : []) {
    emit('hidden_text', found.index, found.index + found[0].length, { why: 'invisible characters' });
  }
  if (!OTHER_SCRIPTS.test(text)) return;
  for (const [type, name, pattern] of FOREIGN) {
    for (const found of text.matchAll(pattern))
      emit(type, found.index, found.index + found[0].length, { why: `words, ${name}` });
  }
}

function detectWords(
  text: string,
  { survey }: Hits,
  seen: { reversed: number; rotated: number; runs: readonly number[] },
  emit: Emit,
): void {
  const { meanings, hasSpelled, leet } = readMeanings(text);
  weighSignals(text, meanings, emit);
  const views = respelled(text, {
    isReversed: seen.reversed > 0,
    isRotated: seen.rotated > 0,
    isBinary: survey.digits >= MIN_BINARY_DIGITS && /[01]{8}[ ,]?[01]{8}/.test(text),
    isSpelled: hasSpelled,
    leet,
    runs: seen.runs.filter((at) => isLongRun(text, at)),
  });
  for (const view of views) {
    const respelledEmit: Emit = (type, start, end, note) => {
      const [from, to] = sourceSpan(view, start, end);
      emit(type, from, to, note);
    };
    weighSignals(view.text, readMeanings(view.text).meanings, respelledEmit);
  }
}

/** Whether the token around a place is as long as words run together are. */
function isLongRun(text: string, at: number): boolean {
  let length = 1;
  for (let i = at - 1; i >= 0 && length < MIN_RUN && isAlnum(text.charCodeAt(i)); i -= 1) length += 1;
  for (let i = at + 1; i < text.length && length < MIN_RUN && isAlnum(text.charCodeAt(i)); i += 1) length += 1;
  return length >= MIN_RUN;
}

function isAlnum(code: number): boolean {
  return (code >= 48 && code <= 57) || ((code | 32) >= 97 && (code | 32) <= 122);
}
