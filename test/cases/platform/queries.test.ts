/** Queries are built and compiled here, and run by the service's own connection; a wrong name does not compile. */
import type { Tx } from '@countersign/platform/database';
import { anyOf, queriesOver, read, readBy, sql } from '@countersign/platform/queries';
import { expect, test } from 'vitest';

type Tables = { 'house.rooms': { room: string; floor: number; tags: string[]; closed_at: string | null } };
const tables = queriesOver<Tables>();
const rooms = tables.selectFrom('house.rooms').select(['room', 'floor']);

type Sent = { text: string; params: readonly unknown[] };

function listen(): { tx: Tx; sent: Sent[] } {
  const sent: Sent[] = [];
  const query = async (text: string, params: readonly unknown[] = []) => {
    sent.push({ text, params });
    return [];
  };
  return { tx: { query } as Tx, sent };
}

test('a query goes out as text and parameters, through whoever is given', async () => {
  const { tx, sent } = listen();
  await read(tx, rooms.where('floor', '=', 3).limit(2));
  expect(sent).toEqual([
    { text: 'select "room", "floor" from "house"."rooms" where "floor" = $1 limit $2', params: [3, 2] },
  ]);
});

test('one that is compiled once has the same text for whatever is given, and the values of each time', async () => {
  const { tx, sent } = listen();
  const byName = readBy((given: { room: string; floors: readonly number[] }) =>
    rooms.where('room', '=', given.room).where('floor', '=', anyOf(given.floors)).where('floor', '<', 9),
  );
  await byName(tx, { floors: [1], room: 'hall' });
  await byName(tx, { room: 'attic', floors: [1, 2, 3] });
  expect(new Set(sent.map(({ text }) => text)).size).toBe(1);
  expect(sent.map(({ params }) => params)).toEqual([
    ['hall', [1], 9],
    ['attic', [1, 2, 3], 9],
  ]);
});

test('a list that would make a text for each of its lengths is refused', async () => {
  const { tx, sent } = listen();
  expect(() => read(tx, rooms.where('floor', 'in', [1, 2]))).toThrow(TypeError);
  await read(tx, rooms.where('tags', '&&', sql<string[]>`${['a', 'b']}`));
  expect(sent[0]!.params).toEqual([['a', 'b']]);
});

test('a query that is executed by itself fails, and does not answer that there is nothing', async () => {
  await expect(rooms.execute()).rejects.toThrow(TypeError);
});

test('what a role may not read, or what no longer has that name, does not compile', () => {
  // @ts-expect-error no such column
  rooms.where('storey', '=', 3);
  // @ts-expect-error not a number's
  rooms.where('floor', '=', 'third');
  // @ts-expect-error no such table
  tables.selectFrom('house.cellars');
  // @ts-expect-error what is written is SQL
  tables.insertInto('house.rooms');
});
