/** Trace headers by the W3C's rules, and identifiers that are ordered, unique and as long as they claim. */

import { firstSpan, runSpan } from '@countersign/ledger/span-ids';
import { randomHex, randomSalt, randomSecret, uuidv7 } from '@countersign/platform/ids';
import { newTraceparent, receivedFrom, traceIdOf, withinRun } from '@countersign/platform/trace';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const OURS = /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/;

describe('a traceparent', () => {
  test('made here is a valid one, never the same', () => {
    const made = Array.from({ length: 1_000 }, newTraceparent);
    for (const header of made) expect(header).toMatch(OURS);
    expect(new Set(made.map(traceIdOf)).size).toBe(made.length);
    expect(new Set(made.map((header) => header.slice(36, 52))).size).toBe(made.length);
    // That is how one knows later that nobody called.
    for (const header of made) expect(header.slice(36, 52)).toBe(firstSpan(traceIdOf(header)));
  });

  test.each([
    ['version 00', `00-${TRACE}-${SPAN}-01`],
    ['not sampled', `00-${TRACE}-${SPAN}-00`],
    ['flags that nobody knows', `00-${TRACE}-${SPAN}-fe`],
    ['a later version', `01-${TRACE}-${SPAN}-01`],
    ['a later version with more behind it', `cc-${TRACE}-${SPAN}-01-what-the-future-brings`],
  ])('keeps the trace and the caller, and names the run of each attempt: %s', (_, header) => {
    const received = receivedFrom(header);
    expect(received).toBe(`00-${TRACE}-${SPAN}-01`);
    const run = withinRun(received, 'd1');
    expect(run).toBe(`00-${TRACE}-${runSpan('d1')}-01`);
    expect(run).toMatch(OURS);
    expect(run).not.toContain(SPAN);
    expect(withinRun(received, 'd2')).not.toBe(run);
  });

  test.each([
    ['nothing', undefined],
    ['empty', ''],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['an all-zero trace', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['an all-zero span', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['capitals', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['too long for version 00', `00-${TRACE}-${SPAN}-01-more`],
    ['a later version that is too short', `01-${TRACE}-${SPAN}`],
    ['a later version that goes on without a dash', `01-${TRACE}-${SPAN}-011`],
    ['a line end', `00-${TRACE}-${SPAN}-01\n`],
    ['a space before it', ` 00-${TRACE}-${SPAN}-01`],
    ['a short trace', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['no hex', `00-${TRACE.replace('a', 'g')}-${SPAN}-01`],
  ])('that is none starts a new trace: %s', (_, header) => {
    const made = receivedFrom(header);
    expect(made).toMatch(OURS);
    expect(traceIdOf(made)).not.toBe(TRACE);
  });

  test('whatever the header, what goes on is one header of version 00', () => {
    fc.assert(fc.property(fc.string({ maxLength: 80 }), (header) => OURS.test(receivedFrom(header))));
  });
});

describe('uuidv7', () => {
  afterEach(() => vi.useRealTimers());

  test('carries version and variant, and the time it was made', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 0x0123456789ab });
    const id = uuidv7();
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(id.startsWith('01234567-89ab-')).toBe(true);
  });

  test('sorts as text by the millisecond it was made in', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_700_000_000_000 });
    const ids = Array.from({ length: 2_000 }, () => {
      vi.setSystemTime(Date.now() + 1);
      return uuidv7();
    });
    expect([...ids].sort()).toEqual(ids);
  });

  test('never comes twice, not even within one millisecond', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_700_000_000_000 });
    const ids = Array.from({ length: 50_000 }, uuidv7);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

test('random texts have their length, and no two callers share bytes of the pool', () => {
  const salts = Array.from({ length: 5_000 }, randomSalt);
  expect(new Set(salts).size).toBe(salts.length);
  for (const salt of salts) expect(Buffer.from(salt, 'base64url')).toHaveLength(16);
  expect(Buffer.from(randomSecret(), 'base64url')).toHaveLength(32);
  expect(randomHex(8)).toMatch(/^[0-9a-f]{16}$/);
  // Short pieces of one pool: an overlap would show the same bytes again.
  const pieces = Array.from({ length: 2_000 }, () => randomHex(8));
  expect(new Set(pieces).size).toBe(pieces.length);
  const overlaps = pieces.filter((piece, i) => i > 0 && pieces[i - 1]!.endsWith(piece.slice(0, 8)));
  expect(overlaps).toEqual([]);
});
