/**
 * `npm run learn:scanners`: writes the classifier's table of weights and says how the scanner does on what it was not
 * taught. `--folds` only measures.
 */
import { writeFileSync } from 'node:fs';
import { examples, REPOSITORY } from './examples.ts';
import { reportAmongMany, reportLeaveOneOut, reportReadmes } from './leave-one-out.ts';
import { type Example, score, train } from './train.ts';
import { tableOf } from './write-table.ts';

const TABLE = new URL('../../../../packages/scanners/src/order-weights.ts', import.meta.url);
const BOUNDS = [0, 0.25, 0.5, 0.75, 1, 1.25];
const FOLDS = 5;

const all = examples();
if (!process.argv.includes('--folds')) writeFileSync(TABLE, tableOf(train(all)));
reportFolds(all);
await reportLeaveOneOut(all, say);
await reportReadmes(all, say);
await reportAmongMany(all, say);

/** A fifth of the families of templates, scored by a classifier that was taught all others. Signals don't count here. */
function reportFolds(all: readonly Example[]): void {
  const families = [...new Set(all.map(({ family }) => family))].filter(
    (family) => family !== REPOSITORY && !family.startsWith('set: '),
  );
  const scored = Array.from({ length: FOLDS }, (_, fold) => families.filter((_, i) => i % FOLDS === fold)).flatMap(
    (out) => {
      const model = train(all.filter(({ family }) => !out.includes(family)));
      return all.filter(({ family }) => out.includes(family)).map((one) => ({ one, score: score(model, one) }));
    },
  );
  for (const bound of BOUNDS) {
    const [attacks, honest] = [true, false].map((isAttack) => {
      const of = scored.filter(({ one }) => one.isAttack === isAttack);
      return of.filter((found) => found.score > bound).length / of.length;
    });
    say(`families not taught, above ${bound}: ${percent(attacks!)} of attacks, ${percent(honest!)} of honest texts`);
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function say(text: string): void {
  void process.stdout.write(`${text}\n`);
}
