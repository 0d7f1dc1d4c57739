/**
 * What a JSON Schema says about a payload in the types of CEL, so that a condition can be checked against its topic
 * before any job comes. Where the schema leaves something open, the type is `dyn`, and only the run can tell.
 */
import { LIMITS } from '@countersign/contracts/limits';
import type { ASTNode } from '@marcbachmann/cel-js';
import { isObject, type Json } from './json-types.ts';

export type CelType = string | { readonly [field: string]: CelType };

/** What a condition reads of the payload: the fields it names, and the objects that it takes whole (`in`, `size`). */
export type PayloadReads = { fields: ReadonlySet<string>; whole: ReadonlySet<string> };

/** Numbers of JSON are doubles when a condition runs. */
const SCALARS: Readonly<Record<string, string>> = {
  string: 'string',
  integer: 'double',
  number: 'double',
  boolean: 'bool',
};
export const COMBINING = ['allOf', 'anyOf', 'oneOf', 'not', '$ref'] as const;
const OPEN_MAP = 'map<string, dyn>';

/** `payload.a.b` as ['a', 'b']; `[]` is an element of a list. */
export type PayloadPath = readonly string[];
/** Variable of a loop → what it stands for. */
export type Loops = Map<string, PayloadPath>;

const NO_LOOPS: Loops = new Map();

/** The type of `payload`; a schema that says nothing of use gives a map. */
export function payloadType(schema: unknown, reads: PayloadReads): CelType {
  const type = typeOf(schema, schema, '', reads, 0);
  return typeof type === 'string' ? OPEN_MAP : type;
}

export function definitionOf(root: unknown, ref: string): unknown {
  const name = /^#\/\$defs\/(.+)$/.exec(ref)?.[1]?.replaceAll('~1', '/').replaceAll('~0', '~');
  const definitions = isObject(root) && isObject(root.$defs) ? root.$defs : {};
  return name !== undefined && Object.hasOwn(definitions, name) ? definitions[name] : undefined;
}

export function readsOf(ast: ASTNode, children: (node: ASTNode) => readonly ASTNode[]): PayloadReads {
  const fields = new Set<string>();
  const whole = new Set<string>();
  const visit = (node: ASTNode): void => {
    const chain = pathOf(node, NO_LOOPS);
    if (chain === null) {
      for (const child of children(node)) visit(child);
      return;
    }
    for (const field of chain) fields.add(field);
    whole.add(chain.join('.'));
  };
  visit(ast);
  return { fields, whole };
}

/** Where in the payload a value stands, null for what does not come from there. */
export function pathOf(node: ASTNode, loops: Loops): PayloadPath | null {
  if (node.op === 'id') return node.args === 'payload' ? [] : (loops.get(node.args) ?? null);
  if (node.op === '.') {
    const parent = pathOf(node.args[0], loops);
    return parent === null ? null : [...parent, node.args[1]];
  }
  if (node.op !== '[]') return null;
  const [holder, key] = node.args;
  const parent = pathOf(holder, loops);
  if (parent === null || key.op !== 'value') return null;
  if (typeof key.args === 'string') return [...parent, key.args];
  return loops === NO_LOOPS ? null : [...parent, '[]'];
}

function typeOf(schema: unknown, root: unknown, path: string, reads: PayloadReads, depth: number): CelType {
  if (!isObject(schema) || depth > LIMITS.json_depth) return 'dyn';
  const { $ref } = schema;
  if (typeof $ref === 'string' && Object.keys(schema).length === 1) {
    return typeOf(definitionOf(root, $ref), root, path, reads, depth + 1);
  }
  if (COMBINING.some((keyword) => keyword in schema)) return 'dyn';
  const { type } = schema;
  if (type === 'object' || (type === undefined && path === '')) return objectType(schema, root, path, reads, depth);
  if (type === 'array') {
    const item = typeOf(schema.items, root, `${path}[]`, reads, depth + 1);
    return `list<${typeof item === 'string' ? item : 'dyn'}>`;
  }
  return typeof type === 'string' ? (SCALARS[type] ?? 'dyn') : 'dyn';
}

function objectType(schema: Json, root: unknown, path: string, reads: PayloadReads, depth: number): CelType {
  const properties = isObject(schema.properties) ? schema.properties : {};
  if (reads.whole.has(path)) return OPEN_MAP;
  const known = Object.entries(properties).map(
    ([key, value]) => [key, typeOf(value, root, path === '' ? key : `${path}.${key}`, reads, depth + 1)] as const,
  );
  const closed = schema.additionalProperties === false;
  const others = closed ? [] : [...reads.fields].filter((key) => !Object.hasOwn(properties, key));
  // A type without fields is no type to the checker.
  if (known.length + others.length === 0) return closed ? { '': 'dyn' } : OPEN_MAP;
  return Object.fromEntries([...known, ...others.map((key) => [key, 'dyn'] as const)]);
}
