import { scanValue } from '@countersign/scanners/scan';
import { fitsChecksum } from '@countersign/scanners/secret-checksums';
import { ALPHABETS, PROVIDERS, SHAPED_TOKENS } from '@countersign/scanners/secret-providers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALNUM, HEX, LOWER, randomFrom } from '../../bench/scanners/random.ts';

function typesIn(value: unknown): string[] {
  const result = scanValue(value, ['secrets']);
  if (!result.ok) throw new Error(result.code);
  return result.findings.map(({ type }) => type);
}

const PLACES: readonly ((token: string) => unknown)[] = [
  (token) => `We saw ${token} yesterday.`,
  (token) => ({ value: token }),
  (token) => `curl "https://x.example/a?b=${token}"`,
];
const ASCII = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));

describe('the table of providers', () => {
  const rows = PROVIDERS.flatMap(([type, prefixes, alphabet, min]) =>
    prefixes.split(' ').map((prefix) => ({ type, prefix, alphabet, min })),
  );

  it('finds a token of each prefix, of the least length, in three places', () => {
    const r = randomFrom(77);
    const missed = rows.flatMap(({ type, prefix, alphabet, min }) => {
      const chars = ASCII.filter((char) => ALPHABETS[alphabet].test(char) && !'.%/@=+'.includes(char)).join('');
      const token = prefix + r.chars(chars, min);
      return PLACES.flatMap((place, i) => (typesIn(place(token)).includes(type) ? [] : [`${prefix} in place ${i}`]));
    });
    expect(missed).toEqual([]);
  });

  it('finds tokens of each shape that its own literal does not leave open', () => {
    const shapes = SHAPED_TOKENS.filter(({ anchor }) => anchor.length > 2).map(({ type, anchor, pattern }) => {
      const form = pattern.source.replace(/^\(\?<![^)]*\)/, '').replace(/\(\?![^)]*\)$/, '');
      const tokens = fc.stringMatching(new RegExp(`^${form}$`)).filter((made) => made.toLowerCase().includes(anchor));
      const [token] = fc.sample(tokens, { numRuns: 1, seed: 7 });
      return { type, token: token! };
    });
    expect(shapes.filter(({ type, token }) => !typesIn(`key ${token}, ours`).includes(type))).toEqual([]);
  });

  it('knows the sum of a routable token', () => {
    const token = `glpat-${randomFrom(5).chars(ALNUM, 34)}.01.0y`;
    const signed = `${token}${crcOf(token)}`;
    expect(fitsChecksum('crc32_base36', signed)).toBe(true);
    expect(fitsChecksum('crc32_base36', `x${signed}`)).toBe(false);
    const result = scanValue(`use ${signed}`, ['secrets']);
    expect(result.ok && result.findings.map(({ why, confidence }) => [why, confidence])).toEqual([
      ['checksum', 'certain'],
    ]);
  });

  // Of these providers only their name tells, and a name such as `OKTA_API_KEY` is found without a row.
  it('needs no row for keys without a form', () => {
    const r = randomFrom(78);
    const kinds = [
      () => r.chars(HEX, 32),
      () => r.chars(`${LOWER}0123456789`, 40),
      () => r.chars(ALNUM, 20),
      () => r.chars(`${ALNUM}-_`, 43),
      () => [8, 4, 4, 4, 12].map((n) => r.chars(HEX, n)).join('-'),
    ];
    const places: readonly ((name: string, value: string) => unknown)[] = [
      (name, value) => `${name.toUpperCase()}_API_KEY=${value}`,
      (name, value) => ({ [`${name}_token`]: value }),
      (name, value) => `${name}:\n  enabled: true\n  secret: ${value}\n`,
    ];
    const names = [
      'algolia',
      'asana',
      'codecov',
      'cohere',
      'datadog',
      'fastly',
      'mattermost',
      'netlify',
      'okta',
      'snyk',
      'twitch',
    ];
    const missed = names.flatMap((name) =>
      kinds.flatMap((make, kind) =>
        places.flatMap((place, i) =>
          typesIn(place(name, make())).length > 0 ? [] : [`${name} ${kind} in place ${i}`],
        ),
      ),
    );
    expect(missed).toEqual([]);
  });
});

/** Over a table of bytes, where the detector goes bit by bit. */
function crcOf(text: string): string {
  const table = Array.from({ length: 256 }, (_, n) =>
    Array.from({ length: 8 }).reduce<number>((c) => (c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1), n),
  );
  const sum = [...text].reduce((crc, char) => table[(crc ^ char.charCodeAt(0)) & 0xff]! ^ (crc >>> 8), 0xffffffff);
  return ((sum ^ 0xffffffff) >>> 0).toString(36).padStart(7, '0');
}
