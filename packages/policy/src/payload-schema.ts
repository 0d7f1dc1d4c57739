/**
 * Checks a job's payload against its topic's JSON Schema: a closed subset of draft 2020-12, read without generating
 * code. An unknown keyword is an error, never ignored; patterns run in linear time; references stay inside the file.
 */
import { canonicalize } from '@countersign/ledger/canonical-json';
import { RE2JS, RE2JSException } from 're2js';
import { isObject, JSON_TYPES, type Json } from './json-types.ts';

export type PayloadSchema = { validate: (payload: unknown) => SchemaViolation | null };
/** `at` is a JSON pointer into the payload; the detail names the keyword, never the value. */
export type SchemaViolation = { at: string; detail: string };
export type SchemaResult = { ok: true; schema: PayloadSchema } | { ok: false; detail: string };

type Check = (value: unknown, at: string, depth: number) => SchemaViolation | null;
type Compiler = { definitions: Map<string, Check>; sources: Map<string, unknown>; fuel: number };

class SchemaFault extends Error {}
/** Thrown, not answered: inside a `not` an answer would turn into its opposite. */
class Exhausted extends Error {}

const ANNOTATIONS = new Set(['$schema', '$id', '$comment', '$defs', 'title', 'description', 'examples', 'default']);
/** References may recurse as deep as a payload can be; beyond that a cycle consumes nothing. */
const DEEPEST = 64;
/** Schemas applied in one validation: branches that refer to each other multiply. */
const FUEL = 1_000_000;

type KeywordCompiler = (argument: unknown, schema: Json, compiler: Compiler) => Check;

const KEYWORDS: Readonly<Record<string, KeywordCompiler>> = {
  type: (argument) => {
    const names = typeof argument === 'string' ? [argument] : listOf(argument, 'type');
    const tests = names.map((name) => {
      if (typeof name !== 'string' || !Object.hasOwn(JSON_TYPES, name))
        throw new SchemaFault('type names an unknown type');
      return JSON_TYPES[name]!;
    });
    return (value, at) => (tests.some((test) => test(value)) ? null : fail(at, `must be ${names.join(' or ')}`));
  },
  enum: (argument) => {
    const allowed = new Set(listOf(argument, 'enum').map((item) => canonicalize(item)));
    return (value, at) => (allowed.has(canonicalize(value)) ? null : fail(at, 'must be one of the listed values'));
  },
  const: (argument) => {
    const text = canonicalize(argument);
    return (value, at) => (canonicalize(value) === text ? null : fail(at, 'must be the stated value'));
  },
  required: (argument) => {
    const keys = listOf(argument, 'required').map((key) => String(key));
    return (value, at) => {
      const missing = isObject(value) ? keys.find((key) => !Object.hasOwn(value, key)) : undefined;
      return missing === undefined ? null : fail(`${at}/${escapePointer(missing)}`, 'is required');
    };
  },
  properties: (argument, _, compiler) => {
    const checks = Object.entries(objectOf(argument, 'properties')).map(
      ([key, schema]) => [key, compileSchema(schema, compiler)] as const,
    );
    return (value, at, depth) => {
      if (!isObject(value)) return null;
      for (const [key, check] of checks) {
        const violation = Object.hasOwn(value, key) ? check(value[key], `${at}/${escapePointer(key)}`, depth) : null;
        if (violation !== null) return violation;
      }
      return null;
    };
  },
  additionalProperties: (argument, schema, compiler) => {
    const known = new Set(
      Object.keys(schema.properties === undefined ? {} : objectOf(schema.properties, 'properties')),
    );
    const check = compileSchema(argument, compiler);
    return eachOf((value) => Object.entries(value).filter(([key]) => !known.has(key)), check);
  },
  propertyNames: (argument, _, compiler) => {
    const check = compileSchema(argument, compiler);
    return eachOf((value) => Object.keys(value).map((key) => [key, key] as const), check);
  },
  items: (argument, _, compiler) => {
    const check = compileSchema(argument, compiler);
    return (value, at, depth) =>
      Array.isArray(value)
        ? firstOf(
            value.map((item, i) => [String(i), item] as const),
            check,
            at,
            depth,
          )
        : null;
  },
  minProperties: bound(
    (value) => (isObject(value) ? Object.keys(value).length : null),
    (size, limit) => size >= limit,
    'at least',
    'properties',
  ),
  maxProperties: bound(
    (value) => (isObject(value) ? Object.keys(value).length : null),
    (size, limit) => size <= limit,
    'at most',
    'properties',
  ),
  minItems: bound(
    (value) => (Array.isArray(value) ? value.length : null),
    (size, limit) => size >= limit,
    'at least',
    'items',
  ),
  maxItems: bound(
    (value) => (Array.isArray(value) ? value.length : null),
    (size, limit) => size <= limit,
    'at most',
    'items',
  ),
  minLength: bound(
    (value) => (typeof value === 'string' ? lengthOf(value) : null),
    (size, limit) => size >= limit,
    'at least',
    'characters',
  ),
  maxLength: bound(
    (value) => (typeof value === 'string' ? lengthOf(value) : null),
    (size, limit) => size <= limit,
    'at most',
    'characters',
  ),
  minimum: bound(numberOf, (value, limit) => value >= limit, 'at least', ''),
  maximum: bound(numberOf, (value, limit) => value <= limit, 'at most', ''),
  exclusiveMinimum: bound(numberOf, (value, limit) => value > limit, 'more than', ''),
  exclusiveMaximum: bound(numberOf, (value, limit) => value < limit, 'less than', ''),
  multipleOf: bound(numberOf, (value, limit) => Number.isInteger(value / limit), 'a multiple of', ''),
  uniqueItems: (argument) => (value, at) => {
    if (argument !== true || !Array.isArray(value)) return null;
    return new Set(value.map((item) => canonicalize(item))).size === value.length
      ? null
      : fail(at, 'must not repeat an item');
  },
  pattern: (argument) => {
    const pattern = re2Of(argument);
    return (value, at) =>
      typeof value !== 'string' || pattern.test(value) ? null : fail(at, 'must match the pattern');
  },
  $ref: (argument, _, compiler) => {
    if (typeof argument !== 'string' || !compiler.sources.has(argument))
      throw new SchemaFault('$ref must be #/$defs/<name> of this file');
    return (value, at, depth) => compiler.definitions.get(argument)!(value, at, depth);
  },
  allOf: (argument, _, compiler) => {
    const checks = branchesOf(argument, compiler);
    return (value, at, depth) =>
      checks.map((check) => check(value, at, depth)).find((violation) => violation !== null) ?? null;
  },
  anyOf: countOf((passed) => passed >= 1, 'must fit one of the alternatives'),
  oneOf: countOf((passed) => passed === 1, 'must fit exactly one of the alternatives'),
  not: (argument, _, compiler) => {
    const check = compileSchema(argument, compiler);
    return (value, at, depth) =>
      check(value, at, depth) === null ? fail(at, 'must not fit the excluded schema') : null;
  },
};

/** Dialect 2020-12, where `$schema` is stated. */
export function compilePayloadSchema(source: unknown): SchemaResult {
  const compiler: Compiler = { definitions: new Map(), sources: new Map(), fuel: 0 };
  try {
    const root = isObject(source) ? source : {};
    if (root.$schema !== undefined && root.$schema !== 'https://json-schema.org/draft/2020-12/schema') {
      throw new SchemaFault('$schema must be draft 2020-12');
    }
    const definitions = root.$defs === undefined ? {} : objectOf(root.$defs, '$defs');
    for (const [name, definition] of Object.entries(definitions)) {
      compiler.sources.set(`#/$defs/${escapePointer(name)}`, definition);
    }
    for (const [ref, definition] of compiler.sources)
      compiler.definitions.set(ref, compileSchema(definition, compiler));
    const check = compileSchema(source, compiler);
    return { ok: true, schema: { validate: (payload) => validate(check, compiler, payload) } };
  } catch (thrown) {
    if (thrown instanceof SchemaFault) return { ok: false, detail: thrown.message };
    throw thrown;
  }
}

function objectOf(value: unknown, what: string): Json {
  if (!isObject(value)) throw new SchemaFault(`${what} must be an object`);
  return value;
}

function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

function compileSchema(source: unknown, compiler: Compiler): Check {
  if (source === true) return () => null;
  if (source === false) return (_, at) => fail(at, 'nothing is allowed here');
  const schema = objectOf(source, 'a schema');
  const checks: Check[] = [];
  for (const [keyword, argument] of Object.entries(schema)) {
    if (ANNOTATIONS.has(keyword)) continue;
    const compile = Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : undefined;
    if (compile === undefined) throw new SchemaFault(`the keyword ${keyword} is not supported`);
    checks.push(compile(argument, schema, compiler));
  }
  return (value, at, depth) => {
    if (depth > DEEPEST || --compiler.fuel < 0) throw new Exhausted();
    for (const check of checks) {
      const violation = check(value, at, depth + 1);
      if (violation !== null) return violation;
    }
    return null;
  };
}

function fail(at: string, detail: string): SchemaViolation {
  return { at, detail };
}

function validate(check: Check, compiler: Compiler, payload: unknown): SchemaViolation | null {
  compiler.fuel = FUEL;
  try {
    return check(payload, '', 0);
  } catch (thrown) {
    if (thrown instanceof Exhausted) return fail('', 'the schema costs too much on this payload');
    throw thrown;
  }
}

function bound(
  measure: (value: unknown) => number | null,
  holds: (measured: number, limit: number) => boolean,
  says: string,
  unit: string,
): KeywordCompiler {
  return (argument) => {
    if (typeof argument !== 'number') throw new SchemaFault('a bound must be a number');
    return (value, at) => {
      const measured = measure(value);
      return measured === null || holds(measured, argument)
        ? null
        : fail(at, `must be ${says} ${argument} ${unit}`.trim());
    };
  };
}

function countOf(holds: (passed: number) => boolean, says: string): KeywordCompiler {
  return (argument, _, compiler) => {
    const checks = branchesOf(argument, compiler);
    return (value, at, depth) =>
      holds(checks.filter((check) => check(value, at, depth) === null).length) ? null : fail(at, says);
  };
}

function branchesOf(argument: unknown, compiler: Compiler): Check[] {
  return listOf(argument, 'a combination').map((schema) => compileSchema(schema, compiler));
}

function listOf(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value) || value.length === 0) throw new SchemaFault(`${what} must be a list`);
  return value;
}

function eachOf(entries: (value: Json) => readonly (readonly [string, unknown])[], check: Check): Check {
  return (value, at, depth) => (isObject(value) ? firstOf(entries(value), check, at, depth) : null);
}

function firstOf(
  entries: readonly (readonly [string, unknown])[],
  check: Check,
  at: string,
  depth: number,
): SchemaViolation | null {
  for (const [key, item] of entries) {
    const violation = check(item, `${at}/${escapePointer(key)}`, depth);
    if (violation !== null) return violation;
  }
  return null;
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

/** JSON Schema counts code points. */
function lengthOf(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

function re2Of(argument: unknown): RE2JS {
  try {
    return RE2JS.compile(String(argument));
  } catch (thrown) {
    if (thrown instanceof RE2JSException) throw new SchemaFault('a pattern is outside RE2');
    throw thrown;
  }
}
