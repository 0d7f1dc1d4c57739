/**
 * What the classifier is taught: texts from the templates, by family; the sets that earlier rounds held out; and as honest
 * prose those sentences of this repository's documents and comments that read most like an order.
 */
import { readFileSync } from 'node:fs';
import { foldView, sourceView } from '@countersign/scanners/normalise';
import { readMeanings } from '@countersign/scanners/read-meanings';
import { readForeignSentences, readSentences } from '@countersign/scanners/sentence-features';
import { type Random, randomFrom } from '../random.ts';
import { ATTACK_FAMILIES } from './attack-families.ts';
import { ATTACKS_IN_CHATS } from './attacks-in-chats.ts';
import { ATTACKS_IN_DATA } from './attacks-in-data.ts';
import { ATTACKS_OF_MANY_KINDS } from './attacks-of-many-kinds.ts';
import { ATTACKS_ON_SECRETS } from './attacks-on-secrets.ts';
import { BENIGN_FAMILIES } from './benign-families.ts';
import { FILLINGS } from './fillings.ts';
import { HONEST_DOCUMENTATION } from './honest-documentation.ts';
import { HONEST_OF_MANY_KINDS } from './honest-of-many-kinds.ts';
import { HONEST_TALK } from './honest-talk.ts';
import { HONEST_WRITING } from './honest-writing.ts';
import { TAUGHT_SETS, type TaughtSet } from './taught-sets.ts';
import type { Example } from './train.ts';

const OF_EACH_TEMPLATE = 12;
const OF_EACH_SAMPLE = 6;
const MOST_FILLED = 12;
/** `(a|b)`, innermost first. */
const CHOICE = /\(([^()]*\|[^()]*)\)/;
const GAP = /\{([a-zA-Z]+\d?)\}/g;
/** Prose of the repository, a family that is never held out. */
export const REPOSITORY = 'repository';

export function examples(): Example[] {
  return [
    ...fromTemplates(
      {
        ...ATTACK_FAMILIES,
        ...lines(ATTACKS_OF_MANY_KINDS, ATTACKS_IN_CHATS, ATTACKS_ON_SECRETS, ATTACKS_IN_DATA),
        ...families(
          'more-attacks.txt',
          'genre-attacks.txt',
          'genre-attacks-2.txt',
          'genre-attacks-3.txt',
          'genre-attacks-4.txt',
          'genre-attacks-5.txt',
          'genre-attacks-6.txt',
          'genre-attacks-7.txt',
        ),
      },
      true,
      randomFrom(1),
    ),
    ...fromTemplates(
      {
        ...BENIGN_FAMILIES,
        ...lines(HONEST_OF_MANY_KINDS, HONEST_TALK, HONEST_WRITING, HONEST_DOCUMENTATION),
        ...families(
          'more-honest.txt',
          'genre-honest.txt',
          'genre-honest-2.txt',
          'genre-honest-3.txt',
          'genre-honest-4.txt',
          'genre-honest-5.txt',
          'genre-honest-6.txt',
          'genre-honest-7.txt',
        ),
      },
      false,
      randomFrom(2),
    ),
    ...TAUGHT_SETS.flatMap(fromSet),
    ...prose().flatMap((text) => example({ family: REPOSITORY, source: text, isAttack: false, times: 1 }, text)),
  ];
}

function fromTemplates(families: Readonly<Record<string, readonly string[]>>, isAttack: boolean, r: Random): Example[] {
  return Object.entries(families).flatMap(([family, templates]) =>
    templates.flatMap((template) =>
      [...timesOf(Array.from({ length: OF_EACH_TEMPLATE }, () => fill(template, r)))].flatMap(([text, times]) =>
        example({ family: `${isAttack ? 'attack' : 'honest'}: ${family}`, source: template, isAttack, times }, text),
      ),
    ),
  );
}

function fromSet({ name, isAttack, samples }: TaughtSet): Example[] {
  return samples.flatMap((text) =>
    example({ family: `set: ${name}`, source: text, isAttack, times: OF_EACH_SAMPLE }, text),
  );
}

/** Families of one template a line. */
function lines(...all: Readonly<Record<string, string>>[]): Record<string, string[]> {
  return Object.fromEntries(
    all.flatMap((one) => Object.entries(one)).map(([family, text]) => [family, text.trim().split('\n')]),
  );
}

/** Families of files: `# name`, then one template a line, `\\n` in it for a line break. */
function families(...files: readonly string[]): Record<string, string[]> {
  const all: Record<string, string[]> = {};
  let current: string[] = [];
  for (const line of files.flatMap(linesOf)) {
    if (line.startsWith('# ')) all[line.slice(2)] = current = [];
    else current.push(line.replaceAll('\\n', '\n'));
  }
  return all;
}

function linesOf(file: string): string[] {
  return readFileSync(new URL(file, import.meta.url), 'utf8')
    .trim()
    .split('\n');
}

function fill(template: string, r: Random): string {
  let text = template;
  while (CHOICE.test(text)) text = text.replace(CHOICE, (_, choice: string) => r.pick(choice.split('|')));
  for (let i = 0; i < MOST_FILLED && text.includes('{'); i += 1) {
    text = text.replace(GAP, (gap, name: string) => {
      const filling = FILLINGS[name.toLowerCase()];
      if (filling === undefined) throw new Error(`no filling for ${gap}`);
      const chosen = r.pick(filling);
      return name[0] === name[0]!.toLowerCase() ? chosen : chosen.slice(0, 1).toUpperCase() + chosen.slice(1);
    });
  }
  return text;
}

function timesOf<T>(items: readonly T[]): Map<T, number> {
  const times = new Map<T, number>();
  for (const item of items) times.set(item, (times.get(item) ?? 0) + 1);
  return times;
}

/** One example of all sentences of the text; none where nothing in it means anything. */
function example(of: Omit<Example, 'features'>, written: string): Example[] {
  const source = sourceView(written);
  const view = foldView(source)?.view ?? source;
  const sentences = [
    ...readSentences(view, readMeanings(view).meanings, openList),
    ...readForeignSentences(written, openList),
  ].map(({ features }) => features.places);
  const whole = sentences.flat();
  if (whole.length === 0) return [];
  const texts = of.isAttack || sentences.length === 1 ? [whole] : [whole, ...sentences];
  return texts.map((features) => ({ ...of, features: Int32Array.from(features) }));
}

function openList(): { places: number[]; add(place: number): void } {
  const places: number[] = [];
  return { places, add: (place) => void places.push(place) };
}

/** As they were once: the table must not change with every comment. */
function prose(): string[] {
  return readFileSync(new URL('honest-prose.txt', import.meta.url), 'utf8')
    .trim()
    .split('\n');
}
