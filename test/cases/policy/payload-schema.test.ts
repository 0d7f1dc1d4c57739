/** The subset of JSON Schema that payloads are checked with: each keyword both ways, and what it refuses to read. */
import { compilePayloadSchema } from '@countersign/policy/payload-schema';
import { describe, expect, it } from 'vitest';

function validate(schema: unknown, value: unknown): string | null {
  const result = compilePayloadSchema(schema);
  if (!result.ok) throw new Error(result.detail);
  return result.schema.validate(value)?.at ?? null;
}

describe('keywords', () => {
  it.each([
    [{ type: 'object' }, {}, []],
    [{ type: ['string', 'null'] }, null, 1],
    [{ type: 'integer' }, 1.0, 1.5],
    [{ enum: ['a', { b: 1 }] }, { b: 1 }, 'c'],
    [{ const: [1, 2] }, [1, 2], [2, 1]],
    [{ pattern: '^a+$' }, 'aaa', 'ab'],
    [{ minLength: 2, maxLength: 2 }, '😀😀', '😀'],
    [{ minimum: 1, exclusiveMaximum: 3 }, 1, 3],
    [{ multipleOf: 5 }, 10, 7],
    [{ minItems: 1, maxItems: 2, items: { type: 'number' } }, [1, 2], []],
    [
      { uniqueItems: true },
      [{ a: 1 }, { a: 2 }],
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
    ],
    [{ minProperties: 1, propertyNames: { pattern: '^[a-z]$' } }, { a: 1 }, {}],
    [{ anyOf: [{ type: 'string' }, { minimum: 3 }] }, 3, 2],
    [{ oneOf: [{ type: 'number' }, { const: 1 }] }, 2, 1],
    [{ allOf: [{ minimum: 1 }, { maximum: 2 }] }, 2, 3],
    [{ not: { type: 'string' } }, 1, 'x'],
    [{ $defs: { n: { type: 'number' } }, $ref: '#/$defs/n' }, 1, 'x'],
  ])('%j', (schema, good, bad) => {
    expect(validate(schema, good)).toBeNull();
    expect(validate(schema, bad)).toBe('');
  });

  it('says where', () => {
    const schema = {
      properties: { 'a/b': { items: { type: 'number' } } },
      required: ['c'],
      additionalProperties: false,
    };
    expect(validate(schema, { c: 1, 'a/b': [1, 'x'] })).toBe('/a~1b/1');
    expect(validate(schema, { 'a/b': [] })).toBe('/c');
    expect(validate(schema, { c: 1, 'a/b': [] })).toBe('/c');
    expect(validate({ required: ['constructor'] }, {})).toBe('/constructor');
  });

  it('reads recursive schemas as deep as the value goes', () => {
    const schema = {
      $defs: { tree: { properties: { kids: { items: { $ref: '#/$defs/tree' } } }, required: ['name'] } },
      $ref: '#/$defs/tree',
    };
    expect(validate(schema, { name: 'a', kids: [{ name: 'b', kids: [] }] })).toBeNull();
    expect(validate(schema, { name: 'a', kids: [{ kids: [] }] })).toBe('/kids/0/name');
  });
});

describe('refusals', () => {
  it.each([
    [{ requried: ['a'] }],
    [{ $ref: 'https://example.com/x.json' }],
    [{ $ref: '#/$defs/missing' }],
    [{ $schema: 'http://json-schema.org/draft-07/schema#' }],
    [{ pattern: '(?=a)' }],
    [{ type: 'strnig' }],
    [{ type: 'constructor' }],
    [{ constructor: 1 }],
    [{ anyOf: [] }],
    ['x'],
  ])('%j', (schema) => {
    expect(compilePayloadSchema(schema).ok).toBe(false);
  });

  it.each([
    [{ $defs: { a: { anyOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/a' }] } }, $ref: '#/$defs/a' }],
    [{ $defs: { a: { not: { $ref: '#/$defs/a' } } }, $ref: '#/$defs/a' }],
  ])('never passes, and ends on, a schema without end: %j', (schema) => {
    expect(validate(schema, {})).toBe('');
  });
});
