/**
 * Runs the detectors over one string and over everything it hides: the folded text, and up to two layers of escapes
 * and base64. Matches come back as spans of the original string. The work is counted against a budget.
 */

import { base64Views, MIN_BASE64_RUN, unescapeView } from './decode.ts';
import type { Emit } from './detect-pii.ts';
import { detectPii } from './detect-pii.ts';
import { detectPromptInjection } from './detect-prompt-injection.ts';
import { detectSecrets } from './detect-secrets.ts';
import { FINDING_TYPES, type FindingTypeName, type ScannerName } from './finding-types.ts';
import { foldView, sourceSpan, sourceView, type View } from './normalise.ts';
import { type Survey, surveyText } from './survey.ts';

/** Internal: one match in a string, [start, end) in its UTF-16 units. Never leaves the package with its text. */
export type Match = { readonly type: FindingTypeName; readonly start: number; readonly end: number };

/** Characters that may still be looked at, decoded ones included. Once exceeded, nothing that was found counts. */
export type Budget = { left: number; exceeded: boolean };

/** How many encodings inside each other are undone. */
const MAX_LAYERS = 2;

type Look = (view: View, survey: Survey) => void;

function lookThrough(view: View, layers: number, budget: Budget, look: Look): void {
  budget.left -= view.text.length;
  if (budget.left < 0) budget.exceeded = true;
  if (budget.exceeded) return;
  const survey = surveyText(view.text);
  look(view, survey);
  // The text as it stands and the folded text are both read: folding can also join what belongs apart.
  const folded = survey.needsFold ? foldView(view) : null;
  const plain = folded?.view ?? view;
  const plainSurvey = folded ? surveyText(plain.text) : survey;
  if (folded) {
    budget.left -= plain.text.length * 4;
    look(plain, plainSurvey);
  }
  if (layers === 0) return;
  const unescaped = plainSurvey.hasEscapes ? unescapeView(plain) : null;
  if (unescaped) lookThrough(unescaped, layers - 1, budget, look);
  if (plainSurvey.longestRun < MIN_BASE64_RUN) return;
  for (const decoded of base64Views(plain)) lookThrough(decoded, layers - 1, budget, look);
}

/** The mark that stands for a match. It names the type and nothing else. */
export const redactionMark = (type: FindingTypeName): string => `[redacted:${type}]`;

const MARKS = new Set(FINDING_TYPES.map(({ type }) => redactionMark(type)));
const MARK_FORM = /\[redacted:[a-z_]{2,32}\]/g;

/**
 * Marks read as blanks of the same length: the names in them are not words of the text, and words around them stand
 * next to each other, so that writing a mark into a phrase hides nothing.
 */
const blankMarks = (text: string): string =>
  text.includes('[redacted:')
    ? text.replace(MARK_FORM, (form) => (MARKS.has(form) ? ' '.repeat(form.length) : form))
    : text;

/**
 * Matches of the named scanners in one string, in order of their start, those of one type merged where they overlap.
 * `context` is the name of the member that holds the string ('' for none): it tells a password from a word.
 */
export function matchText(text: string, scanners: readonly ScannerName[], context: string, budget: Budget): Match[] {
  const found: Match[] = [];
  lookThrough(sourceView(blankMarks(text)), MAX_LAYERS, budget, (view, survey) => {
    const emit: Emit = (type, start, end) => {
      const [from, to] = sourceSpan(view, start, end);
      found.push({ type, start: from, end: to });
    };
    if (scanners.includes('pii')) detectPii(view.text, survey, context, emit);
    if (scanners.includes('secrets')) detectSecrets(view.text, survey, context, emit);
    if (scanners.includes('prompt_injection')) detectPromptInjection(view.text, survey, emit);
  });
  return found.length < 2 ? found : mergeByType(found);
}

function mergeByType(found: Match[]): Match[] {
  const sorted = found.sort((a, b) => a.start - b.start || b.end - a.end || compare(a.type, b.type));
  const last = new Map<FindingTypeName, { type: FindingTypeName; start: number; end: number }>();
  const merged: Match[] = [];
  for (const match of sorted) {
    const previous = last.get(match.type);
    if (previous && match.start < previous.end) {
      previous.end = Math.max(previous.end, match.end);
      continue;
    }
    const next = { ...match };
    last.set(match.type, next);
    merged.push(next);
  }
  return merged;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
