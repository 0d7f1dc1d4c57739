/**
 * Finds text that tries to give orders to whoever reads it: known sequences of words, the same phrases squeezed or
 * spaced apart, chat template markers, and characters that people cannot see. It judges text; it never acts on it.
 */

import type { Survey } from './anchors.ts';
import { detectSqueezed, MIN_SQUEEZED_LETTERS } from './detect-squeezed.ts';
import type { Emit } from './emit.ts';
import { SEQUENCES, type Sequence, type Step } from './injection-vocabulary.ts';

type Token = { word: string; start: number; end: number; joined: boolean };

const WORDS = /[A-Za-z0-9]+/g;

/** Words in lower case. `joined`: only a space or an apostrophe stands before it, so a negation there belongs to it. */
function readTokens(text: string): Token[] {
  const tokens: Token[] = [];
  let last = 0;
  for (const found of text.matchAll(WORDS)) {
    const joined = /^[ '’]?$/.test(text.slice(last, Math.min(found.index, last + 2)));
    last = found.index + found[0].length;
    tokens.push({ word: found[0].toLowerCase(), start: found.index, end: last, joined });
  }
  return tokens;
}

// A word that stands in no step's first place rules nothing in; anchors are what makes a text worth reading.
const ANCHORS = new Set(
  SEQUENCES.flatMap((s) => [...s.steps[s.anchor]!.phrases].map((phrase) => phrase.split(' ')[0]!)),
);
const HASH_SIZE = 1 << 13;
const ANCHOR_HASHES = new Uint8Array(HASH_SIZE);
const nextHash = (hash: number, code: number): number => (hash * 33 + code) & (HASH_SIZE - 1);
for (const anchor of ANCHORS) {
  let hash = 0;
  for (let i = 0; i < anchor.length; i += 1) hash = nextHash(hash, anchor.charCodeAt(i));
  ANCHOR_HASHES[hash] = 1;
}

/** Whether any word of the text is an anchor, by a rolling hash, so that an ordinary text is never cut into words. */
function hasAnchor(text: string): boolean {
  let hash = 0;
  let start = 0;
  for (let i = 0; i <= text.length; i += 1) {
    const code = i < text.length ? text.charCodeAt(i) : 0;
    const lower = code | 32;
    if ((lower >= 97 && lower <= 122) || (code >= 48 && code <= 57)) {
      hash = nextHash(hash, code < 64 ? code : lower);
      continue;
    }
    if (ANCHOR_HASHES[hash] === 1 && ANCHORS.has(text.slice(start, i).toLowerCase())) return true;
    hash = 0;
    start = i + 1;
  }
  return false;
}

const BY_FIRST_WORD = new Map<string, Sequence[]>();
for (const sequence of SEQUENCES) {
  for (const first of new Set([...sequence.steps[0]!.phrases].map((phrase) => phrase.split(' ')[0]!))) {
    BY_FIRST_WORD.set(first, [...(BY_FIRST_WORD.get(first) ?? []), sequence]);
  }
}

/** Index after the longest phrase of the step that starts at token i, or -1. */
function matchStep(step: Step, tokens: readonly Token[], i: number): number {
  let phrase = '';
  let after = -1;
  for (let n = 0; n < step.longest && i + n < tokens.length; n += 1) {
    phrase = n === 0 ? tokens[i]!.word : `${phrase} ${tokens[i + n]!.word}`;
    if (step.phrases.has(phrase)) after = i + n + 1;
  }
  return after;
}

/** Index after the sequence whose remaining steps start within the gap from token i, or -1. Bounded by gap ^ steps. */
function matchRest(sequence: Sequence, at: number, tokens: readonly Token[], i: number): number {
  if (at === sequence.steps.length) return i;
  for (let j = i; j <= i + sequence.gap && j < tokens.length; j += 1) {
    const after = matchStep(sequence.steps[at]!, tokens, j);
    const end = after === -1 ? -1 : matchRest(sequence, at + 1, tokens, after);
    if (end !== -1) return end;
  }
  return -1;
}

const NEGATIONS = new Set(['not', 'never', 't', 'dont', 'nicht', 'nie', 'niemals', 'no', 'nunca', 'pas']);

/** A negation right before the verb, with no punctuation between, which would make it another sentence. */
const isNegated = (tokens: readonly Token[], i: number): boolean =>
  i > 0 && tokens[i]!.joined && NEGATIONS.has(tokens[i - 1]!.word);

function hasTail({ tail }: Sequence, text: string, at: number): boolean {
  if (!tail) return true;
  tail.lastIndex = at;
  return tail.test(text);
}

function detectSequences(text: string, emit: Emit): void {
  if (!hasAnchor(text)) return;
  const tokens = readTokens(text);
  for (let i = 0; i < tokens.length; i += 1) {
    for (const sequence of BY_FIRST_WORD.get(tokens[i]!.word) ?? []) {
      if (sequence.unlessNegated && isNegated(tokens, i)) continue;
      const after = matchStep(sequence.steps[0]!, tokens, i);
      const end = after === -1 ? -1 : matchRest(sequence, 1, tokens, after);
      if (end === -1 || !hasTail(sequence, text, tokens[end - 1]!.end)) continue;
      emit(sequence.type, tokens[i]!.start, tokens[end - 1]!.end);
    }
  }
}

// Each alternative starts with a literal and has constant bounds.
const MARKERS =
  /<\|[a-z_]{2,24}\|>|\[\/?INST\]|<<\/?SYS>>|<\/?(?:start_of_turn|end_of_turn|tool_call|tool_calls|function_call|function_calls|tool_response|system_prompt|system-reminder|assistant_response)\b[^>]{0,40}>|"role"\s{0,4}:\s{0,4}"(?:system|developer)"|\[(?:system|assistant)\]\(#[a-z_]{1,20}\)/gi;
const ROLE_HEADER =
  /(?:^|[\r\n])[ \t]{0,4}(?:#{1,4} {0,2}|\*{2}|\[|<)?(?:system|assistant|developer)(?:\*{2}|\]|>)?(?: {0,2}(?:prompt|message|instructions?|override))?(?:\*{2}|\]|>)? {0,2}[:>\n\]] {0,2}(?:you (?:are|must|will|should|have)|ignore|disregard|new instructions|from now on|override|your new)/gi;
const SECTION_END =
  /(?:end|begin) of (?:user input|user message|untrusted (?:data|input|content)|system prompt|context|ticket data)\b/gi;

function detectMarkers(text: string, survey: Survey, emit: Emit): void {
  const patterns = survey.hasMarks || text.includes(':') ? [MARKERS, ROLE_HEADER, SECTION_END] : [SECTION_END];
  for (const pattern of patterns) {
    for (const found of text.matchAll(pattern)) emit('delimiter_spoofing', found.index, found.index + found[0].length);
  }
}

// Tag characters and variation selectors carry whole messages unseen. Flags of regions use up to seven of them after a
// black flag, emoji one or two.
const UNSEEN =
  /(?:[\u{e0020}-\u{e007f}]|[\u{e0100}-\u{e01ef}]){8,}|[\ufe00-\ufe0f]{8,}|[\u200b-\u200d\u2060-\u2064]{16,}/gu;

function detectHiddenText(text: string, emit: Emit): void {
  for (const found of text.matchAll(UNSEEN)) emit('hidden_text', found.index, found.index + found[0].length);
}

// A quote that closes someone else's statement, then another statement.
const INJECTED_SQL = /['"]\s{0,2}\)?\s{0,2};\s{0,3}(?:drop|delete|truncate|alter|update|insert)\s{1,3}[a-z]{2,12}\b/gi;

function detectInjectedSql(text: string, emit: Emit): void {
  for (const found of text.matchAll(INJECTED_SQL))
    emit('command_smuggling', found.index, found.index + found[0].length);
}

/** Reports attempts to instruct a reader. Expects folded text, and the text as it was for what cannot be seen. */
export function detectPromptInjection(text: string, survey: Survey, emit: Emit): void {
  if (survey.needsFold) detectHiddenText(text, emit);
  if (survey.letters >= 2) detectSequences(text, emit);
  if (survey.letters + survey.digits >= MIN_SQUEEZED_LETTERS) detectSqueezed(text, emit);
  if (text.includes(';')) detectInjectedSql(text, emit);
  detectMarkers(text, survey, emit);
}
