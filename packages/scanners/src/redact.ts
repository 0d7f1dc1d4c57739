/**
 * Makes a copy of a JSON document in which every match, in values and in member names, is replaced by
 * `[redacted:<type>]`. It returns a copy only if a second scan of it finds nothing.
 */

import { LIMITS } from '@countersign/contracts/limits';
import { type AnyTypeName, type ScannerName, SEVERITY_RANK } from './finding-types.ts';
import { type Match, redactionMark } from './match-text.ts';
import { type Content, type Finding, readText, type ScanResult, scanTexts } from './scan.ts';
import { type Budget, budgetOf, SCAN_LIMITS, type ScanLimits } from './scan-limits.ts';
import { NOWHERE, ofItems, ofMembers, type Surroundings } from './surroundings.ts';
import { leafText } from './walk-document.ts';

/**
 * `findings` are those of the original. `redaction_unsettled`: each replacement gave rise to another match, so nothing
 * may be shown; the caller quarantines. `secret_without_end`: a private key begins and its end is nowhere, so that the
 * rest of it may stand anywhere; the caller quarantines. `scan_too_large`: as in scanning.
 */
export type RedactResult =
  | { ok: true; value: unknown; findings: Finding[]; truncated: boolean }
  | { ok: false; code: 'scan_too_large' | 'rules_too_costly' | 'redaction_unsettled' | 'secret_without_end' };

/** Rounds of replacing one string; text joined by a replacement settles in two or three. */
const MAX_ROUNDS = 8;
/** Characters that such rounds read again in one document: in a text as long as may be, two rounds. */
const MAX_READ_AGAIN = 2.5 * LIMITS.output_bytes;
/** What they may spend, in budgets of a scan: a text is read again twice at most. */
const READ_AGAIN_WORK = 2;
/** Passes over the whole document. */
const MAX_PASSES = 2;

/** A text, where it stands, and what was found in it. */
type Reading = { readonly text: string; readonly around: Surroundings; readonly content: Content };

/** `types`: null means every type that the scanners find. */
type State = {
  readonly scanners: readonly ScannerName[];
  readonly types: ReadonlySet<AnyTypeName> | null;
  readonly budget: Budget;
  isOpen: boolean;
  /** Characters of texts that were read again because something in them had been replaced. */
  readAgain: number;
  /** A text gave rise to another match in every round. */
  unsettled: boolean;
  /** What a scan of the same document found, text by text. */
  known: readonly Content[];
  next: number;
  /** How each text was read last. */
  last: Reading[];
  changed: boolean;
};

/**
 * Redacts parsed JSON for the named scanners, or of what they find these types alone; see RedactResult for how it says no.
 * `also`: matches that somebody else made, of each text in the order in which a scan tells of them; they go first.
 */
export function redactValue(
  value: unknown,
  scanners: readonly ScannerName[],
  limits: Partial<ScanLimits> = {},
  only: readonly AnyTypeName[] | null = null,
  also: readonly (readonly Match[])[] | null = null,
): RedactResult {
  const types = only === null ? null : new Set(only);
  const known: Content[] = [];
  const start = also === null ? value : withoutMatches(value, also, types);
  const bounds = { ...SCAN_LIMITS, ...limits };
  const scanning = budgetOf(bounds);
  const found = scanTexts(start, scanners, bounds, scanning, {
    known: () => null,
    onText: (content) => void known.push(content),
  });
  if (!found.ok) return found;
  const budget = budgetOf({ ...bounds, max_work_chars: bounds.max_work_chars * READ_AGAIN_WORK });
  const state = openState(scanners, types, budget, known);
  let redacted = start;
  // A mark in a name, or in what may be a label, can give another meaning to what stands beside it.
  for (let pass = 0; pass < MAX_PASSES; pass += 1) {
    state.next = 0;
    state.last = [];
    redacted = redactNode(redacted, NOWHERE, state);
    if (budget.work.left < 0) return { ok: false, code: 'rules_too_costly' };
    if (budget.exceeded) return { ok: false, code: 'scan_too_large' };
    if (state.isOpen) return { ok: false, code: 'secret_without_end' };
    if (state.unsettled) return { ok: false, code: 'redaction_unsettled' };
    const done = { ok: true, value: redacted, findings: found.findings, truncated: found.truncated } as const;
    // One text stands nowhere else: its last round found nothing in it, and looking again would find the same.
    if (!state.changed || (typeof redacted === 'string' && !ranOut(scanning) && !ranOut(budget))) return done;
    const again = lookAgain(redacted, state, bounds, scanning);
    if (!again.ok) return again;
    if (!again.findings.some(({ type }) => isMeant(types, type))) return done;
  }
  return { ok: false, code: 'redaction_unsettled' };
}

/**
 * Scans what was redacted: what it holds stands in `state` then. Texts that were read where they stand are not read again,
 * unless some reading had no tries left, and this one took some: whoever begins anew has them. `scanning`: what the scans
 * so far had, which goes on.
 */
function lookAgain(redacted: unknown, state: State, bounds: ScanLimits, scanning: Budget): ScanResult {
  const { scanners, budget, last } = state;
  const wide = { ...bounds, max_chars: Number.MAX_SAFE_INTEGER };
  const look = (isAnew: boolean, counters: Partial<Budget>): ScanResult => {
    const known: Content[] = [];
    state.known = known;
    return scanTexts(
      redacted,
      scanners,
      wide,
      { ...budgetOf(wide), ...counters },
      {
        known: (place, text, around) => contentOf(last[place], isAnew, text, around),
        onText: (content) => void known.push(content),
      },
    );
  };
  const { tries, plans } = scanning;
  const again = ranOut(scanning) || ranOut(budget) ? null : look(false, { tries, plans });
  return again === null || ranOut(scanning) ? look(true, {}) : again;
}

function ranOut({ tries, plans }: Budget): boolean {
  return tries.left < 0 || plans.left < 0;
}

function openState(
  scanners: readonly ScannerName[],
  types: State['types'],
  budget: Budget,
  known: State['known'],
): State {
  return {
    scanners,
    types,
    budget,
    isOpen: false,
    readAgain: 0,
    unsettled: false,
    known,
    next: 0,
    last: [],
    changed: false,
  };
}

/** Each text loses its matches; nothing is looked for. */
function withoutMatches(value: unknown, also: readonly (readonly Match[])[], types: State['types']): unknown {
  const budget = budgetOf(SCAN_LIMITS);
  const known = also.map((matches) => ({ matches, isCounted: false }));
  return redactNode(value, NOWHERE, openState([], types, budget, known));
}

function redactNode(value: unknown, around: Surroundings, state: State): unknown {
  const text = leafText(value);
  if (text !== null) {
    const redacted = redactText(text, around, state);
    return redacted === text ? value : redacted;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (!Array.isArray(value)) return redactMembers(value, around, state);
  const standing = ofItems(value, around);
  return value.map((item, position) => redactNode(item, standing(position), state));
}

function redactText(text: string, around: Surroundings, state: State): string {
  let current = text;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    if (round > 0) state.readAgain += current.length;
    if (round > 0 && (state.unsettled || state.readAgain > MAX_READ_AGAIN)) break;
    const content = round === 0 ? firstContent(text, state) : readText(current, state.scanners, around, state.budget);
    const matches =
      state.types === null ? content.matches : content.matches.filter(({ type }) => isMeant(state.types, type));
    state.isOpen ||= matches.some((match) => match.open);
    if (matches.length === 0) {
      state.changed ||= current !== text;
      if (text !== '') state.last.push({ text: current, around, content });
      return current;
    }
    current = replaceMatches(current, matches);
  }
  state.unsettled = true;
  return current;
}

/** The same text in the same surroundings holds the same; to who begins anew only where nothing was counted. */
function contentOf(
  last: Reading | undefined,
  isAnew: boolean,
  text: string,
  { name, path, key }: Surroundings,
): Content | null {
  const isSame =
    last?.text === text && last.around.name === name && last.around.path === path && last.around.key === key;
  return isSame && !(isAnew && last.content.isCounted) ? last.content : null;
}

function firstContent(text: string, state: State): Content {
  if (text === '') return { matches: [], isCounted: false };
  state.next += 1;
  return state.known[state.next - 1]!;
}

function isMeant(types: State['types'], type: AnyTypeName): boolean {
  return types?.has(type) ?? true;
}

function replaceMatches(text: string, matches: readonly Match[]): string {
  let out = '';
  let done = 0;
  for (let i = 0; i < matches.length; ) {
    // Matches that overlap go as one, under the name of the most severe.
    let worst = matches[i]!;
    const { start } = worst;
    let { end } = worst;
    for (i += 1; i < matches.length && matches[i]!.start < end; i += 1) {
      end = Math.max(end, matches[i]!.end);
      if (rank(matches[i]!) > rank(worst)) worst = matches[i]!;
    }
    out += text.slice(done, start) + redactionMark(worst.type);
    done = end;
  }
  return out + text.slice(done);
}

function rank({ severity }: Match): number {
  return SEVERITY_RANK[severity];
}

/** Names that become the same keep apart by `#2`, `#3`; `__proto__` stays a name. */
function redactMembers(value: object, around: Surroundings, state: State): unknown {
  const given = value as Readonly<Record<string, unknown>>;
  const names = Object.keys(given);
  const taken = new Set(names);
  const counts = new Map<string, number>();
  const standing = ofMembers(value, around, names);
  const redacted: Record<string, unknown> = {};
  for (const name of names) {
    const plain = redactText(name, NOWHERE, state);
    let unique = plain;
    while (unique !== name && taken.has(unique)) {
      const count = (counts.get(plain) ?? 1) + 1;
      counts.set(plain, count);
      unique = `${plain}#${count}`;
    }
    taken.add(unique);
    setMember(redacted, unique, redactNode(given[name], standing(name, given[name]), state));
  }
  return redacted;
}

function setMember(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__')
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  else object[name] = value;
}
