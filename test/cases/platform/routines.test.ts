/** Functions of the database are called by name and signature; what no longer fits does not compile. */
import type { Tx } from '@countersign/platform/database';
import { routinesOf } from '@countersign/platform/routines';
import { expect, test } from 'vitest';

type Functions = {
  'house.count': { takes: [floor: number | null]; gives: number | null };
  'house.rooms': {
    takes: [floors: readonly (number | null)[], open: boolean | null];
    gives: { room: string | null }[];
  };
  'house.names': { takes: []; gives: string[] | null };
};
const routines = routinesOf<Functions>();

function answering(rows: object[]) {
  const sent: unknown[] = [];
  const query = async (...asked: unknown[]) => {
    sent.push(asked);
    return rows;
  };
  return { tx: { query } as Tx, sent };
}

test('one value is read from the one row', async () => {
  const { tx, sent } = answering([{ answer: 3 }]);
  expect(await routines.answer(tx, 'house.count', 2)).toBe(3);
  expect(sent).toEqual([['SELECT house.count($1) AS answer', [2]]]);
});

test('rows are read as they are, and an array is one argument', async () => {
  const { tx, sent } = answering([{ room: 'hall' }]);
  expect(await routines.rows(tx, 'house.rooms', [1, 2], true)).toEqual([{ room: 'hall' }]);
  expect(sent).toEqual([['SELECT * FROM house.rooms($1, $2)', [[1, 2], true]]]);
});

test('another name, another argument or too few do not compile', async () => {
  const { tx } = answering([{ answer: null }]);
  // @ts-expect-error no such function
  await routines.answer(tx, 'house.cellars');
  // @ts-expect-error an argument is missing
  await routines.answer(tx, 'house.count');
  // @ts-expect-error it takes a number
  await routines.answer(tx, 'house.count', 'two');
  // @ts-expect-error an array of texts has no columns
  expect((await routines.rows(tx, 'house.names'))[0]?.room).toBeUndefined();
});
