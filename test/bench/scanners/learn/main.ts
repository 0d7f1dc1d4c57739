/**
 * `npm run learn:scanners`: writes the classifier's table of weights and says how it does on what it was not taught.
 * `--folds` only measures.
 */
import { writeFileSync } from 'node:fs';
import { examples, REPOSITORY } from './examples.ts';
import { type Example, score, train } from './train.ts';
import { tableOf } from './write-table.ts';

const TABLE = new URL('../../../../packages/scanners/src/order-weights.ts', import.meta.url);
const BOUNDS = [0, 0.25, 0.5, 0.75, 1, 1.25];
const FOLDS = 10;

const all = examples();
if (!process.argv.includes('--folds')) writeFileSync(TABLE, tableOf(train(all)));
reportFolds(all);

/** A tenth of the families, or one earlier set, scored by a model that was taught all others. Signals don't count here. */
function reportFolds(all: readonly Example[]): void {
  const families = [...new Set(all.map(({ family }) => family))].filter((family) => family !== REPOSITORY);
  const sets = families.filter((family) => family.startsWith('set: '));
  const others = families.filter((family) => !sets.includes(family));
  report(
    'families',
    Array.from({ length: FOLDS }, (_, fold) => others.filter((_, i) => i % FOLDS === fold)),
  );
  for (const set of sets) report(set, [[set]]);

  function report(name: string, folds: readonly string[][]): void {
    const scored = folds.flatMap((fold) => {
      const model = train(all.filter(({ family }) => !fold.includes(family)));
      return all
        .filter(({ family }) => fold.includes(family))
        .map((one) => ({ one, score: score(model, one.features) }));
    });
    for (const bound of BOUNDS) {
      const shares = [true, false].map((isAttack) => {
        const of = scored.filter(({ one }) => one.isAttack === isAttack);
        return of.filter((found) => found.score > bound).length / of.length;
      });
      say(
        `${name} held out, above ${bound}: ${percent(shares[0]!)} of attacks, ${percent(shares[1]!)} of honest texts`,
      );
    }
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function say(text: string): void {
  void process.stdout.write(`${text}\n`);
}
