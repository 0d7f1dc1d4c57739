/** The output policy that is active for a tenant, compiled once per activation. It says what it was made from. */
import type { ActiveScope } from '@countersign/contracts/control';
import { LIMITS } from '@countersign/contracts/limits';
import { outputPolicyActive } from '@countersign/contracts/policy';
import { gate } from '@countersign/platform/control-gate';
import type { Tx } from '@countersign/platform/database';
import { type CompiledOutputPolicy, compileOutputPolicy } from '@countersign/policy/decide-output';
import { readOutputPolicy } from './store-shown.ts';

export type ActivePolicy = {
  /** Null for a tenant that has no policy. */
  active: ActiveScope | null;
  /** Null when there is none that can be read: then nothing may leave. */
  compiled: CompiledOutputPolicy | null;
};

export type ActivePolicies = {
  of(tenant: string): Promise<ActivePolicy>;
  /** The same, looked at anew where another one is active: for what is not judged against it once more under a lock. */
  fresh(tenant: string): Promise<ActivePolicy>;
  /** Forgets this reading, if it is still the one that is kept. */
  forget(tenant: string, seen: ActivePolicy): void;
};

/** Only the epoch tells two activations of the same content apart. */
export function isStillActive(seen: ActivePolicy, now: ActiveScope | undefined): boolean {
  return seen.active?.epoch === now?.epoch && seen.active?.snapshot === now?.snapshot;
}

export function openActivePolicies(database: Tx): ActivePolicies {
  const kept = new Map<string, { reading: Promise<ActivePolicy>; seen?: ActivePolicy }>();
  const read = (tenant: string): Promise<ActivePolicy> => {
    const entry: { reading: Promise<ActivePolicy>; seen?: ActivePolicy } = { reading: readActive(database, tenant) };
    if (kept.size >= LIMITS.cached_policies) kept.clear();
    kept.set(tenant, entry);
    entry.reading.then(
      (policy) => (entry.seen = policy),
      () => kept.get(tenant) === entry && kept.delete(tenant),
    );
    return entry.reading;
  };
  const policies: ActivePolicies = {
    of: (tenant) => kept.get(tenant)?.reading ?? read(tenant),
    async fresh(tenant) {
      const seen = await policies.of(tenant);
      const { policies: now } = await gate(database, [tenant]);
      if (isStillActive(seen, now[tenant])) return seen;
      policies.forget(tenant, seen);
      return policies.of(tenant);
    },
    forget(tenant, seen) {
      if (kept.get(tenant)?.seen === seen) kept.delete(tenant);
    },
  };
  return policies;
}

async function readActive(database: Tx, tenant: string): Promise<ActivePolicy> {
  const active = (await gate(database, [tenant])).policies[tenant] ?? null;
  if (active === null) return { active, compiled: null };
  const source = outputPolicyActive.safeParse(await readOutputPolicy(database, active.scope, active.snapshot));
  return { active, compiled: source.success ? compileOutputPolicy(source.data) : null };
}
