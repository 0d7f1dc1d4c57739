/** Every field name of the language, to guess from what an author has mistyped. A guess decides nothing. */
import { policySource, tenantSource } from '@countersign/contracts/policy';
import { poolsSource } from '@countersign/contracts/policy-pools';
import { policyTests } from '@countersign/contracts/policy-tests';
import { scannersSource } from '@countersign/contracts/scanner-rules';
import { z } from 'zod';

let known: ReadonlySet<string> | null = null;

/** Made at the first mistake, for most policies have none. */
export function fieldNames(): ReadonlySet<string> {
  known ??= namesOf([policySource, poolsSource, scannersSource, tenantSource, policyTests]);
  return known;
}

function namesOf(shapes: readonly z.ZodType[]): Set<string> {
  const names = new Set<string>();
  for (const shape of shapes) collectNames(z.toJSONSchema(shape, { io: 'input', unrepresentable: 'any' }), names);
  return names;
}

function collectNames(schema: unknown, names: Set<string>): void {
  if (typeof schema !== 'object' || schema === null) return;
  if ('properties' in schema && typeof schema.properties === 'object' && schema.properties !== null)
    for (const name of Object.keys(schema.properties)) names.add(name);
  for (const value of Object.values(schema)) collectNames(value, names);
}
