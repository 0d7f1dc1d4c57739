/**
 * The figure that guides every change of the classifier: each set of texts is scored by all of the scanner, signals and
 * classifier, with a table that was taught everything but this set.
 */
import { registerHooks } from 'node:module';
import type { isFound } from '../measure-detection.ts';
import { wilson } from '../measure-detection.ts';
import { paragraphsOf, readmes } from '../readmes.ts';
import { TAUGHT_SETS } from './taught-sets.ts';
import { type Example, train } from './train.ts';
import { tableOf } from './write-table.ts';

type Scan = typeof isFound;
type Say = (text: string) => void;

const TABLES: string[] = [];
const AMONG_MANY = { sets: ['strange', 'late', 'guest'], chars: 20_000, each: 8 };

// A module asked for with `?table=n` is loaded anew, all that it imports likewise, with the n-th table in it.
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const table = /\?table=\d+$/.exec(context.parentURL ?? '')?.[0];
    return table !== undefined && found.url.startsWith('file:') && !found.url.includes('?')
      ? { ...found, url: found.url + table }
      : found;
  },
  load(url, context, next) {
    const table = /\/order-weights\.ts\?table=(\d+)$/.exec(url)?.[1];
    if (table === undefined) return next(url, context);
    return { format: 'module', source: TABLES[Number(table)]!, shortCircuit: true };
  },
});

/** One line for each set's attacks and honest texts, and their means over the sets. */
export async function reportLeaveOneOut(all: readonly Example[], say: Say): Promise<void> {
  const sums = { attacks: [0, 0, 0], honest: [0, 0, 0] };
  for (const name of new Set(TAUGHT_SETS.map((set) => set.name))) {
    const isFoundBy = await scannerTaught(all.filter(({ family }) => family !== `set: ${name}`));
    for (const { isAttack, samples } of TAUGHT_SETS.filter((set) => set.name === name)) {
      const found = samples.filter((text) => isFoundBy({ text }, 'prompt_injection', false)).length;
      say(line(`not taught: ${name}, ${isAttack ? 'attacks' : 'honest'}`, found, samples.length));
      const sum = isAttack ? sums.attacks : sums.honest;
      sum[0]! += found;
      sum[1]! += samples.length;
      sum[2]! += found / samples.length;
    }
  }
  for (const [name, [found, of, shares]] of Object.entries(sums))
    say(
      `${line(`not taught: all, ${name}`, found!, of!)}, mean of the sets ${percent(shares! / (TAUGHT_SETS.length / 2))}`,
    );
}

/** Read-mes as wholes and by paragraphs, by the table that ships. */
export async function reportReadmes(all: readonly Example[], say: Say): Promise<void> {
  const isFoundBy = await scannerTaught(all);
  const texts = readmes();
  const count = (some: readonly string[]) =>
    some.filter((text) => isFoundBy({ text }, 'prompt_injection', false)).length;
  say(line('read-mes, whole', count(texts), texts.length));
  const paragraphs = texts.flatMap(paragraphsOf);
  say(line('read-mes, by paragraph', count(paragraphs), paragraphs.length));
}

/**
 * Attacks of sets that were not taught, each found by itself, in the middle of long read-mes that have no finding: how many
 * are found there, too.
 */
export async function reportAmongMany(all: readonly Example[], say: Say): Promise<void> {
  const isFoundBy = await scannerTaught(
    all.filter(({ family }) => !AMONG_MANY.sets.some((set) => family === `set: ${set}`)),
  );
  const finds = (text: string) => isFoundBy({ text }, 'prompt_injection', false);
  const attacks = TAUGHT_SETS.filter(({ name, isAttack }) => isAttack && AMONG_MANY.sets.includes(name))
    .flatMap(({ samples }) => samples)
    .filter(finds);
  const long = readmes().filter((text) => text.length > AMONG_MANY.chars && !finds(text));
  const hidden = long.flatMap((text, i) =>
    Array.from({ length: AMONG_MANY.each }, (_, k) => {
      const paragraphs = paragraphsOf(text);
      const attack = attacks[(i * AMONG_MANY.each + k) % attacks.length]!;
      return [...paragraphs.slice(0, paragraphs.length / 2), attack, ...paragraphs.slice(paragraphs.length / 2)].join(
        '\n\n',
      );
    }),
  );
  say(
    line(
      `attacks in ${long.length} read-mes of ${AMONG_MANY.chars} characters`,
      hidden.filter(finds).length,
      hidden.length,
    ),
  );
}

async function scannerTaught(examples: readonly Example[]): Promise<Scan> {
  TABLES.push(tableOf(train(examples)));
  const { isFound } = await import(`../measure-detection.ts?table=${TABLES.length - 1}`);
  return isFound;
}

function line(name: string, found: number, of: number): string {
  const { low, high } = wilson(found, of);
  return `${name.padEnd(40)} ${percent(found / of).padStart(7)} [${percent(low)}, ${percent(high)}] of ${of}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
