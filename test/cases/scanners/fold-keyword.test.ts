import { foldKeyword } from '@countersign/scanners/fold-keyword';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('folding keywords', () => {
  it.each([
    ['grapheme joiner', '\u034f'],
    ['variation selector', '\ufe0f'],
    ['Hangul filler', '\u3164'],
    ['bell', '\u0007'],
    ['delete', '\u007f'],
    ['zero width space', '\u200b'],
    ['soft hyphen', '\u00ad'],
    ['bidi override', '\u202e'],
    ['tag letter', '\u{e0041}'],
    ['strike-through', '\u0336'],
    ['enclosing circle', '\u20dd'],
    ['noncharacter', '\ufdd0'],
    ['Mongolian separator', '\u180e'],
  ])('%s keeps no word apart from itself', (_, mark) => {
    expect(foldKeyword(`dr${mark}op ta${mark}${mark}ble${mark}`)).toBe('drop table');
  });

  it.each([
    ['dr\u043ep table', 'drop table'],
    ['\uff44\uff52\uff4f\uff50 table', 'drop table'],
    ['DROP \u00a0\t\r\n\u0085\u2800 TABLE ', 'drop table'],
    ['\u041f\u0430\u0440\u043e\u043b\u044c', '\u043f\u0430\u0440\u043e\u043b\u044c'],
    ['Caf\u00e9', 'caf\u00e9'],
    ['Cafe\u0301', 'caf\u00e9'],
    ['\u200b\u0007', ''],
  ])('%j becomes %j', (text, folded) => {
    expect(foldKeyword(text)).toBe(folded);
  });

  it('folds what is folded to itself', () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(text, (value) => {
        const once = foldKeyword(value);
        expect(foldKeyword(once)).toBe(once);
      }),
      { numRuns: 2000 },
    );
  });
});
