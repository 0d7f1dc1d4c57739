/**
 * Which characters a person reads as an ASCII one: Unicode TR39 confusables, the letters of Cyrillic, Greek, Armenian,
 * Cherokee, Lisu and phonetic Latin, digits of other scripts, dashes and quotes. Written as escapes, because a reader of
 * this file could not tell them apart either. It holds data only.
 */

const ROWS: readonly (readonly [ascii: string, lookalikes: string])[] = [
  ['a', '\u0430\u03b1\u0251\u1d00\u237a\uab7a'],
  ['b', '\u0432\u044c\u0299\u13cf\u15af\u0184\u2c83'],
  ['c', '\u0441\u03f2\u1d04\u2ca5\u0188'],
  ['d', '\u0501\u0111\u1d05\u0257\u13e7\u146f'],
  ['e', '\u0435\u0450\u0451\u0454\u03b5\u1d07\u04bd\u212e\uab32\u025b'],
  ['f', '\u0192\u1e9d\uab35\u0584\u03dd'],
  ['g', '\u0581\u0261\u0262\u1d83\u018d'],
  ['h', '\u04bb\u043d\u0127\u029c\u0570\u13c2\u0266\u2c8f'],
  ['i', '\u0456\u0457\u03b9\u0131\u0269\u026a\u2373\u13a5\u1d7c\u0268\u2c93'],
  ['j', '\u0458\u1d0a\u03f3\u0237'],
  ['k', '\u043a\u03ba\u1d0b\u0138\u0199\u2c95'],
  ['l', '\u04cf\u0142\u029f\u01c0\u2223\u07ca\u0196\u2c61'],
  ['m', '\u043c\u1d0d\u0271\u2c99'],
  ['n', '\u0578\u057c\u03b7\u0274\u043f\u0273\u0272\u2c9b'],
  ['o', '\u043e\u03bf\u03c3\u04e9\u0585\u1d0f\u1d11\u00f8\u10ff\u0275\u2c9f'],
  ['p', '\u0440\u03c1\u1d18\u2374\u01bf\u2ca3'],
  ['q', '\u051b\u0563\u0566'],
  ['r', '\u0433\u0491\u0280\u1d26\u2c85\uab47\u027e\u0580'],
  ['s', '\u0455\u01bd\ua731\u0282\uabaa'],
  ['t', '\u0442\u03c4\u1d1b\u0288\u0167\uab72\u2ca7'],
  ['u', '\u057d\u03c5\u0438\u1d1c\u028b\ua79f\u0289'],
  ['v', '\u0475\u03bd\u1d20'],
  ['w', '\u051d\u0461\u03c9\u1d21\u0561\u026f'],
  ['x', '\u0445\u03c7\u157d\u2a2f\u00d7\u166e\u2cad'],
  ['y', '\u0443\u03b3\u04af\u028f\u1eff\u10e7\u0263\u2ca9'],
  ['z', '\u1d22\u0290\u01b6'],
  ['A', '\u0410\u0391\u13aa\ua4ee\u15c5'],
  ['B', '\u0412\u0392\u13f4\ua4d0\u15f7'],
  ['C', '\u0421\u03f9\u13df\ua4da\u2ca4'],
  ['D', '\u13a0\ua4d3\u15ea\u0110'],
  ['E', '\u0415\u0400\u0401\u0395\u13ac\ua4f0\u2d39'],
  ['F', '\u03dc\ua4dd\u15b4'],
  ['G', '\u050c\u13c0\ua4d6'],
  ['H', '\u041d\u0397\u13bb\ua4e7\u157c'],
  ['I', '\u0406\u0407\u0399\u04c0\ua4f2\u16c1'],
  ['J', '\u0408\u13ab\ua4d9\u037f'],
  ['K', '\u041a\u039a\u13e6\ua4d7\u16d5'],
  ['L', '\u13de\ua4e1\u14aa\u0141'],
  ['M', '\u041c\u039c\u03fa\u13b7\ua4df\u15f0'],
  ['N', '\u039d\ua4e0'],
  ['O', '\u041e\u039f\u0555\ua4f3\u00d8\u2d54'],
  ['P', '\u0420\u03a1\u13e2\ua4d1\u146d'],
  ['Q', '\u051a\u2d55'],
  ['R', '\u13a1\ua4e3\u1587\u01a6'],
  ['S', '\u0405\u054f\u13da\ua4e2'],
  ['T', '\u0422\u03a4\u13a2\ua4d4'],
  ['U', '\u054d\u144c\ua4f4'],
  ['V', '\u0474\u13d9\ua4e6\u2d38'],
  ['W', '\u051c\u13b3\ua4ea\u0460'],
  ['X', '\u0425\u03a7\ua4eb\u2d5d'],
  ['Y', '\u0423\u03a5\u03d2\u04ae\ua4ec\u13a9'],
  ['Z', '\u0396\u13c3\ua4dc'],
  ['3', '\u0417\u0437\u04e0\u021c'],
  ['6', '\u0431'],
  ['-', '\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\u2796\ufe58'],
  ["'", '\u2018\u2019\u201a\u201b\u2032\u02bc\u02b9'],
  ['"', '\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\u300c\u300d\u300e\u300f'],
  ['/', '\u2044\u2215\u29f8'],
  ['|', '\u23d0\u2758'],
  [':', '\u2236\ua789\ua4fd\u02d0'],
  ['.', '\u2024\u3002\ua4f8'],
  [' ', '\u2800'],
  ['\n', '\u2028\u2029\u0085'],
];

const EXPANSIONS: readonly (readonly [string, string])[] = [
  ['\u00df', 'ss'],
  ['\u1e9e', 'SS'],
  ['\u00e6', 'ae'],
  ['\u0153', 'oe'],
  ['\u00c6', 'AE'],
  ['\u0152', 'OE'],
];

const DIGIT_ZEROS = [0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0xf20];

/** Code point to the ASCII it reads as. */
export const LOOKALIKES: ReadonlyMap<number, string> = new Map([
  ...ROWS.flatMap(([ascii, alike]) => Array.from(alike, (char) => [char.codePointAt(0)!, ascii] as const)),
  ...EXPANSIONS.map(([from, to]) => [from.codePointAt(0)!, to] as const),
  ...DIGIT_ZEROS.flatMap((zero) => Array.from({ length: 10 }, (_, d) => [zero + d, String(d)] as const)),
]);

/** The source of an expression that also fits its letters of other scripts as folding writes them, small or capital. */
export function withFolded(source: string): string {
  const folded = (change: (char: string) => string): string =>
    Array.from(source, (char) => (char < '\u0080' ? char : foldLetter(change(char)))).join('');
  return [...new Set([source, folded((c) => c.toLowerCase()), folded((c) => c.toUpperCase())])].join('|');
}

function foldLetter(char: string): string {
  const plain = char.normalize('NFKD').replace(/\p{Mn}/gu, '');
  return latinLookalike(char) ?? (/^[ -~]+$/.test(plain) ? plain : char);
}

/** The Latin letter that a letter of another script looks like; undefined where there is none. */
export function latinLookalike(char: string): string | undefined {
  return LOOKALIKES.get(char.codePointAt(0)!);
}
