/**
 * What the classifier is taught: texts from the templates, by family, and as honest prose the sentences of this
 * repository's decisions and comments.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { foldView, sourceView } from '@countersign/scanners/normalise';
import { readMeanings } from '@countersign/scanners/read-meanings';
import { readSentences } from '@countersign/scanners/sentence-features';
import { type Random, randomFrom } from '../random.ts';
import { ATTACK_FAMILIES } from './attack-families.ts';
import { BENIGN_FAMILIES } from './benign-families.ts';
import { FILLINGS } from './fillings.ts';
import type { Example } from './train.ts';

const ROOT = new URL('../../../../', import.meta.url);
const OF_EACH_TEMPLATE = 12;
const MOST_FILLED = 12;
const GAP = /\{([a-zA-Z]+\d?)\}/g;
/** Prose of the repository, a family that is never held out. */
export const REPOSITORY = 'repository';

export function examples(): Example[] {
  return [
    ...fromTemplates(ATTACK_FAMILIES, true, randomFrom(1)),
    ...fromTemplates(BENIGN_FAMILIES, false, randomFrom(2)),
    ...[...decisions(), ...comments()].flatMap((text) => example(REPOSITORY, false, text)),
  ];
}

function fromTemplates(families: Readonly<Record<string, readonly string[]>>, isAttack: boolean, r: Random): Example[] {
  return Object.entries(families).flatMap(([family, templates]) =>
    templates.flatMap((template) =>
      Array.from({ length: OF_EACH_TEMPLATE }, () => fill(template, r)).flatMap((text) =>
        example(`${isAttack ? 'attack' : 'honest'}: ${family}`, isAttack, text),
      ),
    ),
  );
}

function fill(template: string, r: Random): string {
  let text = template;
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

/** One example of all sentences of the text; none where nothing in it means anything. */
function example(family: string, isAttack: boolean, written: string): Example[] {
  const text = foldView(sourceView(written))?.view.text ?? written;
  const features = readSentences(text, readMeanings(text).meanings).flatMap((sentence) => sentence.features);
  return features.length === 0 ? [] : [{ family, isAttack, features, text: written }];
}

function decisions(): string[] {
  const folder = new URL('docs/decisions/', ROOT);
  return readdirSync(folder)
    .sort()
    .flatMap((name) => readFileSync(new URL(name, folder), 'utf8').split(/(?<=[.!?:])\s+|\n\n+/))
    .filter(isSentence);
}

function comments(): string[] {
  const services = new URL('services/', ROOT);
  return readdirSync(services)
    .sort()
    .flatMap((name) => {
      const folder = new URL(`${name}/src/`, services);
      return readdirSync(folder)
        .filter((file) => file.endsWith('.ts'))
        .sort()
        .flatMap((file) => readFileSync(new URL(file, folder), 'utf8').split('\n'));
    })
    .filter((line) => /^\s*(?:\/\/|\/?\*)/.test(line))
    .filter(isSentence);
}

function isSentence(text: string): boolean {
  return text.trim().split(/\s+/).length > 3;
}
