/** Whether a schema leaves no doubt of which kind a value of the payload is. */
import { LIMITS } from '@countersign/contracts/limits';
import { isObject } from '@countersign/policy/json-types';
import { COMBINING, definitionOf, type PayloadPath } from '@countersign/policy/payload-types';

/** A closed object has no such field, so nothing there can be of a wrong kind. */
const NOTHING = { type: 'null' };

/** Whether a payload that fits has nothing there. */
export function isExcluded(schema: unknown, path: PayloadPath): boolean {
  return path.reduce<unknown>((at, step) => below(resolve(at, schema), step), schema) === NOTHING;
}

/** Whether the schema lets nothing but one kind of value stand there; of a list, that of its elements. */
export function isTyped(schema: unknown, path: PayloadPath): boolean {
  const found = path.reduce<unknown>((at, step) => below(resolve(at, schema), step), schema);
  const at = resolve(found, schema);
  if (!isObject(at) || COMBINING.some((keyword) => keyword in at)) return false;
  if (typeof at.type === 'string') return at.type !== 'array' || isTyped(schema, [...path, '[]']);
  const values = 'const' in at ? [at.const] : Array.isArray(at.enum) ? at.enum : [];
  return new Set(values.map((value) => typeof value)).size === 1 && !values.includes(null);
}

function below(schema: unknown, step: string): unknown {
  if (!isObject(schema)) return undefined;
  if (step === '[]') return schema.items;
  if (schema === NOTHING) return NOTHING;
  const { properties, additionalProperties } = schema;
  if (isObject(properties) && Object.hasOwn(properties, step)) return properties[step];
  return additionalProperties === false ? NOTHING : additionalProperties;
}

function resolve(schema: unknown, root: unknown): unknown {
  let at = schema;
  for (let hops = 0; hops < LIMITS.json_depth; hops++) {
    if (!isObject(at) || typeof at.$ref !== 'string') return at;
    at = definitionOf(root, at.$ref);
  }
  return undefined;
}
