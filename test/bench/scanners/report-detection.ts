/** Prints one line for each corpus and, with `verbose`, the kinds that were missed or found by mistake. */
import type { ScannerName } from '@countersign/scanners/scan';
import { CORPORA } from './corpora.ts';
import { EVASIONS, HIDDEN } from './evasions.ts';
import { EVASIONS_LATE, HIDDEN_LATE } from './evasions-late.ts';
import { EVASIONS_UNSEEN, HIDDEN_UNSEEN } from './evasions-unseen.ts';
import { furtherEvasions, HIDDEN_FURTHER } from './further/evasions.ts';
import { isFound, type Share, shareFound, wilson } from './measure-detection.ts';
import { HIDDEN_PRACTICE, practiceEvasions } from './practice/evasions.ts';
import { randomFrom } from './random.ts';
import { HIDDEN_TOOLS, TOOLS_FIRST } from './tools/evasions.ts';
import { TOOLS_SECOND } from './tools/evasions-second.ts';
import { HIDDEN_WIDE, WIDE_FIRST, WIDE_SECOND } from './wide/evasions.ts';

type Say = (text: string) => void;

export function reportDetection(say: Say, listsKinds: (heldOut: boolean) => boolean): void {
  for (const { name, scanner, positives, held_out, seed, make } of CORPORA) {
    const share = shareFound(make(), scanner, positives);
    say(line(`${held_out ? 'held out' : 'development'}: ${name} (seed ${seed})`, share, positives));
    if (!listsKinds(held_out)) continue;
    const kinds = [...share.others].sort((a, b) => b[1] - a[1]).map(([kind, count]) => `${kind} ${count}`);
    if (kinds.length > 0) say(`    ${positives ? 'missed' : 'found'}: ${kinds.join(', ')}`);
  }
}

export function reportEvasions(say: Say): void {
  reportHidden(say, 'evasions', EVASIONS, HIDDEN, 115);
  reportHidden(say, 'held out: unseen evasions', EVASIONS_UNSEEN, HIDDEN_UNSEEN, 2056);
  reportHidden(say, 'held out: late evasions', EVASIONS_LATE, HIDDEN_LATE, 2064);
  reportHidden(say, 'wide evasions, first', WIDE_FIRST, HIDDEN_WIDE, 2088);
  reportHidden(say, 'held out: wide evasions, second', WIDE_SECOND, HIDDEN_WIDE, 2090);
  reportHidden(say, 'tools evasions, first', TOOLS_FIRST, HIDDEN_TOOLS, 2092);
  reportHidden(say, 'held out: tools evasions, second', TOOLS_SECOND, HIDDEN_TOOLS, 2094);
  reportHidden(say, 'practice evasions, tuned half', practiceEvasions('tune'), HIDDEN_PRACTICE, 2096);
  reportHidden(say, 'held out: practice evasions', practiceEvasions('held'), HIDDEN_PRACTICE, 2096);
  reportHidden(say, 'further evasions, tuned half', furtherEvasions('tune'), HIDDEN_FURTHER, 2114);
  reportHidden(say, 'held out: further evasions', furtherEvasions('held'), HIDDEN_FURTHER, 2114);
}

function reportHidden(
  say: Say,
  name: string,
  evasions: typeof EVASIONS_LATE,
  hidden: Readonly<Record<ScannerName, readonly string[]>>,
  seed: number,
): void {
  const r = randomFrom(seed);
  let found = 0;
  let of = 0;
  const missed: string[] = [];
  for (const [kind, words, change] of evasions) {
    for (const scanner of ['prompt_injection', 'secrets', 'pii'] as ScannerName[]) {
      if (words && scanner !== 'prompt_injection') continue;
      for (const text of hidden[scanner]) {
        of += 1;
        if (isFound(documentOf(change(text, r)), scanner, true)) found += 1;
        else missed.push(`${kind}: ${text.slice(0, 12)}`);
      }
    }
  }
  say(line(`${name} (seed ${seed})`, { found, of, ...wilson(found, of), others: new Map() }, true));
  if (missed.length > 0) say(`    missed: ${missed.join(', ')}`);
}

function documentOf(changed: unknown): unknown {
  return typeof changed === 'string' ? { text: changed } : changed;
}

function line(name: string, { found, of, low, high }: Share, positives: boolean): string {
  return `${name.padEnd(46)} ${positives ? 'recall        ' : 'false positives'} ${percent(found / of).padStart(7)}  [${percent(low)}, ${percent(high)}] of ${of}`;
}

function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}
