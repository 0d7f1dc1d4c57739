/** A bound that is shared: whoever takes much leaves room for who comes, at every level. */
import type { CountersignError } from '@countersign/contracts/errors';
import { openShares, type Shares } from '@countersign/platform/shares';
import { expect, test } from 'vitest';

/** How many the holder gets before it is refused, and by which code. */
function takeAll(shares: Shares, ...who: string[]): { taken: (() => void)[]; code: string } {
  const taken: (() => void)[] = [];
  while (taken.length < 1_000) {
    try {
      taken.push(shares.take(who));
    } catch (thrown) {
      return { taken, code: (thrown as CountersignError).code };
    }
  }
  return { taken, code: 'none' };
}

test('one tenant gets half, the next half of what is left, and so on: nobody comes too late', () => {
  const shares = openShares(100);
  const gets = ['a', 'b', 'c', 'd', 'e'].map((tenant) => takeAll(shares, tenant));
  expect(gets.map(({ taken }) => taken.length)).toEqual([50, 25, 13, 6, 3]);
  expect(gets.map(({ code }) => code)).toEqual(gets.map(() => 'share_exceeded'));
});

test('those who take at the same time get equal parts', () => {
  const shares = openShares(100);
  const held = { a: 0, b: 0, c: 0 };
  for (let turn = 0; turn < 100; turn += 1) {
    for (const who of ['a', 'b', 'c'] as const) {
      try {
        shares.take([who]);
        held[who] += 1;
      } catch {
        // Refused: that is what is measured.
      }
    }
  }
  expect(held).toEqual({ a: 25, b: 25, c: 25 });
});

test('one key leaves room for the other keys of its tenant, and for other tenants', () => {
  const shares = openShares(90);
  expect(takeAll(shares, 'a', 'key-1').taken).toHaveLength(30);
  expect(takeAll(shares, 'a', 'key-2').taken.length).toBeGreaterThan(5);
  expect(takeAll(shares, 'b', 'key-1').taken.length).toBeGreaterThan(15);
});

test('what is given back is free again, once', () => {
  const shares = openShares(10);
  const { taken } = takeAll(shares, 'a');
  for (const leave of taken) {
    leave();
    leave();
  }
  expect(takeAll(shares, 'b').taken).toHaveLength(5);
});

test('amounts count as they are, and when all is taken it is nobody’s share', () => {
  const shares = openShares(10);
  const leave = shares.take(['a'], 5);
  expect(() => shares.take(['b'], 6)).toThrow(expect.objectContaining({ code: 'overloaded' }));
  expect(() => shares.take(['a'], 1)).toThrow(expect.objectContaining({ code: 'share_exceeded' }));
  shares.take(['b'], 5);
  expect(() => shares.take(['c'], 1)).toThrow(expect.objectContaining({ code: 'overloaded' }));
  leave();
  shares.take(['c'], 5);
});
