import { readFileSync } from 'node:fs';
import { pack, unpack } from '@countersign/scanners/judge-sentences';
import { FEATURES } from '@countersign/scanners/sentence-features';
import { expect, it } from 'vitest';
import { examples } from '../../bench/scanners/learn/examples.ts';
import { train } from '../../bench/scanners/learn/train.ts';
import { tableOf } from '../../bench/scanners/learn/write-table.ts';

it('the committed table is the one that `npm run learn:scanners` makes of what is committed', () => {
  const committed = readFileSync(new URL('../../../packages/scanners/src/order-weights.ts', import.meta.url), 'utf8');
  expect(tableOf(train(examples())) === committed).toBe(true);
});

it('packs weights of every sign and gap, and reads them back', () => {
  const table = new Int8Array(FEATURES);
  for (const [place, weight] of [
    [0, 7],
    [15, -7],
    [16, 1],
    [31, -1],
    [62, 3],
    [FEATURES - 1, 5],
  ] as const)
    table[place] = weight;
  expect(unpack(pack(table))).toEqual(table);
});
