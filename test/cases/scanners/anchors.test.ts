import { buildAnchorTable } from '@countersign/scanners/anchors';
import { codesOf } from '@countersign/scanners/normalise';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const WORDS = ['abc', 'ab', 'bc', 'cab', 'b_', 'aa', 'aaa', 'abc', 'abcabcab', 'c'];
// Longer than the block that is surveyed at a time, so that words stand across its end.
const TEXT = fc.array(
  fc.string({ unit: fc.constantFrom('a', 'b', 'c', '_', 'A', 'B', 'é', '7', '#'), maxLength: 40 }),
  {
    maxLength: 120,
  },
);

/** Every word at every place, in order of the ends, longer ones first. */
function slowly(text: string): (readonly [anchor: number, end: number])[] {
  const lower = text.toLowerCase();
  const hits = WORDS.flatMap((word, anchor) =>
    Array.from({ length: text.length }, (_, at) => at)
      .filter((at) => lower.startsWith(word, at))
      .map((at) => [anchor, at + word.length] as const),
  );
  return hits.sort((a, b) => a[1] - b[1] || WORDS[b[0]]!.length - WORDS[a[0]]!.length || a[0] - b[0]);
}

describe('the table of anchors', () => {
  it('finds every word wherever it stands, in order, and says what else does', () => {
    const find = buildAnchorTable(WORDS);
    fc.assert(
      fc.property(TEXT, (parts) => {
        const text = parts.join('');
        const { anchors, ends, survey } = find(text, codesOf(text));
        expect(anchors.map((anchor, i) => [anchor, ends[i]])).toEqual(slowly(text));
        expect(survey.digits).toBe(text.match(/7/g)?.length ?? 0);
        expect(survey.needsFold).toBe(text.includes('é'));
        expect(survey.hasOddSigns).toBe(text.includes('#'));
        expect(survey.hasRun).toBe(/[abc_7]{15}/i.test(text));
      }),
      { numRuns: 60 },
    );
  });
});
