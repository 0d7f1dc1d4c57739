/**
 * The strict parser and RFC 8785 text: what is refused and where, and that both agree with JavaScript on all the rest.
 */
import { CanonicalError, canonicalize, type JsonValue, parseStrict } from '@countersign/ledger/canonical-json';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

function bytes(...parts: (string | number)[]): Uint8Array {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from([part]))));
}

/** JSON that every reader understands alike, keys that tempt a careless one included. */
const text = fc.string({ unit: 'grapheme' }).filter((s) => s.isWellFormed() && !s.includes('\0'));
const key = fc.oneof(
  text,
  fc.constantFrom('__proto__', 'constructor', '1', '10', '2', '', 'é', '\ud83d\ude02', '\ufb33'),
);
const number = fc.oneof(
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, min: -(2 ** 53) + 1, max: 2 ** 53 - 1 }),
  fc.constantFrom(-0, 5e-324, 1e-7, 0.1),
);
const { value } = fc.letrec<{ value: JsonValue; object: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(null, true, false),
    number,
    text,
    fc.array(tie('value')),
    tie('object'),
  ),
  object: fc.array(fc.tuple(key, tie('value')), { maxLength: 6 }).map((members) => {
    const object = {};
    for (const [name, member] of members) {
      Object.defineProperty(object, name, { value: member, enumerable: true, writable: true, configurable: true });
    }
    return object;
  }),
}));

describe('parseStrict', () => {
  it.each([
    ['json_duplicate_key', '{"a":{"b":[1,{"c":1,\n"\\u0063":2}]}}', '/a/b/1/c (line 2, column 1)'],
    ['json_duplicate_key', '{"__proto__":1,"__proto__":2}', '/__proto__ (line 1, column 16)'],
    ['json_lone_surrogate', '["\\ud800"]', '/0 (line 1, column 3)'],
    ['json_lone_surrogate', '["\\ud800\\u0041"]', '/0 (line 1, column 3)'],
    ['json_lone_surrogate', '["\\udc00\\ud800"]', '/0 (line 1, column 3)'],
    ['json_lone_surrogate', '{"\ud800":1}', '(line 1, column 3)'],
    ['json_lone_surrogate', '"\\ud83d\ude02"', '(line 1, column 2)'],
    ['json_nul', '{"a/b~c":"x\\u0000"}', '/a~1b~0c (line 1, column 12)'],
    ['json_nul', '{"\\u0000":1}', '(line 1, column 3)'],
    ['json_nul', '"\0"', '(line 1, column 2)'],
    ['json_unsafe_number', '{"n":9007199254740992}', '/n (line 1, column 6)'],
    ['json_unsafe_number', '-9007199254740993', '(line 1, column 1)'],
    ['json_unsafe_number', '1e16', '(line 1, column 1)'],
    ['json_unsafe_number', '[0,1e999]', '/1 (line 1, column 4)'],
    ['json_unsafe_number', '1e-400', '(line 1, column 1)'],
    ['json_unsafe_number', '{"n":-1e-324}', '/n (line 1, column 6)'],
    ['json_unsafe_number', '[0.10000000000000001]', '/0 (line 1, column 2)'],
    ['json_unsafe_number', '3.141592653589793238462643', '(line 1, column 1)'],
    ['json_unsafe_number', '9007199254740990.5', '(line 1, column 1)'],
    ['json_unsafe_number', `0.${'0'.repeat(400)}1`, '(line 1, column 1)'],
    ['json_unsafe_number', `1e-${'9'.repeat(400)}`, '(line 1, column 1)'],
    ['json_unsafe_number', `1.${'0'.repeat(200_000)}1`, '(line 1, column 1)'],
    ['json_malformed', '\ufeff{}', '(line 1, column 1)'],
    ['json_malformed', '"a\tb"', '(line 1, column 3)'],
  ])('refuses %s in %j', (code, json, at) => {
    expect(parseStrict(json)).toMatchObject({ ok: false, code, at });
  });

  it.each([
    '',
    ' ',
    '{',
    '[1,]',
    '{"a":1,}',
    '{"a"}',
    '{a:1}',
    '01',
    '.5',
    '1.',
    '+1',
    '-',
    '0x1',
    'NaN',
    'Infinity',
    'nul',
  ])('refuses %j as malformed', (json) =>
    expect(parseStrict(json)).toMatchObject({ ok: false, code: 'json_malformed' }),
  );
  it.each([
    "'a'",
    '"a',
    '"\\x41"',
    '"\\u12g4"',
    '"\\u 123"',
    '"\\',
    '1 2',
    '[1 2]',
    '[1}',
    '{"a":1]',
    '/**/1',
    '\u00a01',
    ']',
    'true1',
  ])('refuses %j as malformed', (json) =>
    expect(parseStrict(json)).toMatchObject({ ok: false, code: 'json_malformed' }),
  );

  it.each([
    ['a stray byte', bytes('{\n"', 0xff, '":1}'), '(line 2, column 2)'],
    ['an overlong form', bytes('"', 0xc0, 0xaf, '"'), '(line 1, column 2)'],
    ['an encoded surrogate', bytes('"', 0xed, 0xa0, 0x80, '"'), '(line 1, column 2)'],
    ['a cut sequence', bytes('"é', 0xc3), '(line 1, column 3)'],
  ])('refuses %s as bad UTF-8, and reads the next text afresh', (_, input, at) => {
    expect(parseStrict(input)).toMatchObject({ ok: false, code: 'json_bad_utf8', at });
    expect(parseStrict(bytes('{"é":1}'))).toEqual({ ok: true, value: { é: 1 } });
  });

  it('refuses a byte order mark in bytes too, and says what it is', () => {
    expect(parseStrict(bytes('\ufeff{}'))).toMatchObject({
      ok: false,
      code: 'json_malformed',
      detail: expect.stringContaining('byte order mark'),
    });
  });

  it.each(['1.10', '1e2', '1E-7', '100.000e-3', '-0.0', '0e99999', '1.5e-10', '5e-324', '0.30000000000000004'])(
    'keeps %s, whose digits a double holds',
    (json) => expect(parseStrict(json)).toEqual({ ok: true, value: Number(json) }),
  );

  it('keeps every double as JavaScript writes it', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -1e15, max: 1e15 }), (double) => {
        expect(parseStrict(String(double))).toEqual({ ok: true, value: Number(String(double)) });
      }),
      { numRuns: 2_000 },
    );
  });

  it('counts bytes, not characters', () => {
    expect(parseStrict('"éé"', { max_bytes: 6 }).ok).toBe(true);
    expect(parseStrict('"éé"', { max_bytes: 5 })).toMatchObject({ code: 'json_too_large' });
    expect(parseStrict(bytes('"éé"'), { max_bytes: 6 }).ok).toBe(true);
    expect(parseStrict(bytes('"éé"'), { max_bytes: 5 })).toMatchObject({ code: 'json_too_large' });
    expect(parseStrict('1'.repeat(10), { max_bytes: 9 })).toMatchObject({ code: 'json_too_large' });
  });

  it('allows depth up to the limit and is not brought down beyond it', () => {
    const nested = (depth: number): string => ['[{"a":'.repeat(depth / 2), '}]'.repeat(depth / 2)].join('1');
    expect(parseStrict(nested(32)).ok).toBe(true);
    expect(parseStrict(`[${nested(32)}]`)).toMatchObject({ code: 'json_too_deep' });
    expect(parseStrict(`[${Array(100).fill('[],{},[[]]')}]`, { max_depth: 3 }).ok).toBe(true);
    expect(parseStrict(nested(34))).toMatchObject({ code: 'json_too_deep' });
    expect(parseStrict('['.repeat(1_000_000), { max_depth: Number.MAX_SAFE_INTEGER })).toMatchObject({
      code: 'json_too_deep',
    });
  });

  it('makes __proto__ an ordinary member and pollutes nothing', () => {
    const parsed = parseStrict('{"__proto__":{"polluted":true}}');
    expect(parsed.ok && Object.keys(parsed.value as object)).toEqual(['__proto__']);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('never quotes the text, and shortens a long pointer', () => {
    const fault = parseStrict(`{"${'k'.repeat(10_000)}":hunter2}`);
    expect(JSON.stringify(fault)).not.toContain('hunter2');
    expect(!fault.ok && fault.at.length).toBeLessThan(300);
  });

  it('reads what JSON.stringify writes, however it is indented', () => {
    fc.assert(
      fc.property(value, fc.integer({ min: 0, max: 3 }), (json, indent) => {
        const written = JSON.stringify(json, null, indent);
        const expected = { ok: true, value: JSON.parse(written) };
        expect(parseStrict(written)).toEqual(expected);
        expect(parseStrict(bytes(written))).toEqual(expected);
      }),
    );
  });

  it('takes nothing that JSON.parse would not, and says why instead of throwing', () => {
    const shards = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '"a"',
      '\\',
      '\\u',
      '00',
      'd8',
      '1',
      '-',
      '.',
      'e',
      ' ',
      'null',
      'tru',
    );
    fc.assert(
      fc.property(fc.array(shards, { maxLength: 12 }), (parts) => {
        const shard = parts.join('');
        const result = parseStrict(shard);
        if (result.ok) expect(result.value).toEqual(JSON.parse(shard));
        else if (result.code === 'json_malformed') expect(() => JSON.parse(shard)).toThrow();
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('canonicalize', () => {
  it('sorts by UTF-16 units, not by code points, numbers or locale', () => {
    const members = { '\ufb33': 1, '\ud83d\ude02': 2, é: 3, z: 4, '10': 5, '2': 6, '': 7, Z: 8 };
    expect(canonicalize(members)).toBe('{"":7,"10":5,"2":6,"Z":8,"z":4,"é":3,"\ud83d\ude02":2,"\ufb33":1}');
  });

  it.each([
    [-0, '0'],
    [1e21, '1e+21'],
    [999999999999999900000, '999999999999999900000'],
    [1e-7, '1e-7'],
    [0.000001, '0.000001'],
    [5e-324, '5e-324'],
    ['\u001f', '"\\u001f"'],
    [1 / 3, '0.3333333333333333'],
    ['\u0000\u0008\u001f\u007f\u2028"\\/', '"\\u0000\\b\\u001f\u007f\u2028\\"\\\\/"'],
  ])('writes %j as %s', (input, expected) => expect(canonicalize(input)).toBe(expected));

  it('gives the same text for every order of members, and text that parses to the same value', () => {
    fc.assert(
      fc.property(value, (json) => {
        const canonical = canonicalize(json);
        const parsed = parseStrict(canonical, { max_depth: 64 });
        expect(parsed.ok && canonicalize(parsed.value)).toBe(canonical);
        expect(canonicalize(reversed(json))).toBe(canonical);
        expect(JSON.parse(canonical)).toEqual(JSON.parse(JSON.stringify(json)));
      }),
    );
  });

  it.each([
    ['canonical_non_finite', Number.NaN],
    ['canonical_non_finite', [Number.POSITIVE_INFINITY]],
    ['canonical_lone_surrogate', 'a\ud800'],
    ['canonical_lone_surrogate', { [`${'x'.repeat(100)}\udc00`]: 1 }],
    ['canonical_not_json', undefined],
    ['canonical_not_json', { a: undefined }],
    ['canonical_not_json', new Array(2)],
    ['canonical_not_json', 1n],
    ['canonical_not_json', Symbol('a')],
    ['canonical_not_json', { toJSON: () => 1 }],
    ['canonical_not_json', new Date(0)],
    ['canonical_not_json', new Map()],
    ['canonical_not_json', Object('text')],
  ])('throws %s', (code, input) => expect(thrownBy(() => canonicalize(input))).toMatchObject({ code }));

  it('throws on a cycle', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = [cycle];
    expect(thrownBy(() => canonicalize(cycle))).toMatchObject({ code: 'canonical_too_deep' });
  });
});

function reversed(json: JsonValue): JsonValue {
  if (Array.isArray(json)) return json.map(reversed);
  if (json === null || typeof json !== 'object') return json;
  const members = Object.entries(json).map(([name, member]) => [name, reversed(member)] as const);
  return Object.fromEntries(members.reverse());
}

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(CanonicalError);
    return thrown;
  }
  throw new Error('nothing was thrown');
}
