/**
 * A policy that compiled, as texts that can be handed from one process to another and read there a little at a time. What
 * only its author needs (tests, places in the files) stays behind.
 */
import type { PolicySource, RuleSource, TenantSource } from '@countersign/contracts/policy';
import { linkPolicy } from './compile-policy.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import type { BundleSources } from './parse-bundle.ts';
import { TOP } from './policy-fault.ts';
import type { Steps } from './steps.ts';

export type PackedPolicy = { version: number; snapshot: string; head: string; rules: readonly string[] };
type Head = {
  policy: Omit<PolicySource, 'rules'>;
  pools: BundleSources['pools'];
  own: BundleSources['own'];
  schemas: readonly (readonly [string, unknown])[];
  tenants: readonly (readonly [string, TenantSource])[];
};

/** Rules in one text. */
const CHUNK = 200;

export function packPolicy({ version, snapshot, sources }: CompiledPolicy): PackedPolicy {
  const { rules, ...policy } = sources.policy;
  const head: Head = {
    policy,
    pools: sources.pools,
    own: sources.own,
    schemas: [...sources.schemas],
    tenants: [...sources.tenants],
  };
  const chunks = Array.from({ length: Math.ceil(rules.length / CHUNK) }, (_, i) =>
    JSON.stringify(rules.slice(i * CHUNK, (i + 1) * CHUNK)),
  );
  return { version, snapshot, head: JSON.stringify(head), rules: chunks };
}

/** Decides as the packed one did. Takes only what `packPolicy` made. */
export function* unpackPolicy({ version, snapshot, head, rules: chunks }: PackedPolicy): Steps<CompiledPolicy> {
  const { policy, pools, own, schemas, tenants } = JSON.parse(head) as Head;
  yield;
  const rules: RuleSource[] = [];
  for (const chunk of chunks) {
    rules.push(...(JSON.parse(chunk) as RuleSource[]));
    yield;
  }
  const sources: BundleSources = {
    policy: { ...policy, rules },
    pools,
    own,
    schemas: new Map(schemas),
    tests: new Map(),
    tenants: new Map(tenants),
    locate: () => TOP,
  };
  return yield* linkPolicy(sources, { version, snapshot });
}
