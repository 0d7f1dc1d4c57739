/**
 * The language as JSON Schema, so that an editor completes and checks while an author types. Made from the same zod
 * shapes that the compiler reads; what names mean together only the compiler can say.
 */
import { policySource, tenantSource } from '@countersign/contracts/policy';
import { poolsSource } from '@countersign/contracts/policy-pools';
import { policyTests } from '@countersign/contracts/policy-tests';
import { scannersSource } from '@countersign/contracts/scanner-rules';
import { isObject, type Json } from '@countersign/policy/json-types';
import { z } from 'zod';
import { FIELD_HELP } from './field-help.ts';

const SHAPES = {
  'policy.schema.json': ['A Countersign policy: policy.yaml', policySource],
  'pools.schema.json': ['The pools of a Countersign policy: pools.yaml', poolsSource],
  'scanners.schema.json': ['An operator’s own scanner rules in a Countersign policy: scanners.yaml', scannersSource],
  'tenant.schema.json': ['A tenant’s own rules in a Countersign policy: tenants/<tenant>.yaml', tenantSource],
  'tests.schema.json': ['Tests of a Countersign policy: tests/*.yaml', policyTests],
} as const;

/** By file name; draft 2020-12, closed: a field that is not listed is an error in the editor too. */
export function authorSchemas(): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(SHAPES).map(([name, [title, shape]]) => {
      const schema = z.toJSONSchema(shape, { io: 'input', unrepresentable: 'any' }) as Json;
      return [name, { ...(withHelp(schema) as Json), title }];
    }),
  );
}

function withHelp(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withHelp);
  if (!isObject(schema)) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, withHelp(value)]));
  if (!isObject(inner.properties)) return inner;
  const described = Object.entries(inner.properties).map(([name, value]) => {
    const description = Object.hasOwn(FIELD_HELP, name) ? FIELD_HELP[name] : undefined;
    return [name, isObject(value) && description !== undefined ? { description, ...value } : value] as const;
  });
  return { ...inner, properties: Object.fromEntries(described) };
}
