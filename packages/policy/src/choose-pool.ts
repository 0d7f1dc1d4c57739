/**
 * Which pools may run a job. Every condition must hold; when no pool fits, the answer is none, and no pool with more
 * power is ever a fallback.
 */
import type { POOL_CONDITIONS } from '@countersign/contracts/explanation';
import type { Pool } from '@countersign/contracts/policy-pools';

export type PoolCondition = (typeof POOL_CONDITIONS)[number];

export type PoolNeed = {
  tenant: string;
  /** A job without a capability fits no pool: nothing says what it may do. */
  capability: string | null;
  requires: readonly string[];
  /** The label `env`; null when the job carries none. */
  environment: string | null;
  /** Names under `worker` in the job's constraints. */
  worker_constraints: readonly string[];
};

/** The label by which pools tell environments apart. */
export const ENVIRONMENT = 'env';

/** In the policy's words; other tenants are named to nobody. */
const SAYS: Readonly<Record<PoolCondition, (pool: Pool, need: PoolNeed) => string>> = {
  capability: (_, { capability }) =>
    capability === null ? 'the job has no capability' : `it has not the capability ${capability}`,
  requires: (pool, { requires }) =>
    `it has not ${requires.filter((name) => !pool.capabilities.includes(name)).join(', ')}`,
  tenants: () => 'it takes jobs of other tenants alone',
  environments: ({ environments }, { environment }) =>
    environments === undefined
      ? `it names no environments, so it takes no job with the label ${ENVIRONMENT}`
      : `it takes jobs with the label ${ENVIRONMENT} ${environments.join(' or ')} alone, and the job ${environment === null ? 'has none' : 'has another'}`,
  enforces: (pool, { worker_constraints }) =>
    `it does not enforce ${worker_constraints.filter((name) => !pool.enforces.includes(name)).join(', ')}`,
};

/** The pool with the fewest capabilities first: of those that may run it, the one that can do the least else. */
export function eligiblePools(pools: readonly Pool[], need: PoolNeed): Pool[] {
  return pools
    .filter((pool) => failedCondition(pool, need) === null)
    .sort((a, b) => a.capabilities.length - b.capabilities.length || (a.id < b.id ? -1 : 1));
}

/** The first condition that keeps the pool from running it; null when it may. */
export function failedCondition(pool: Pool, need: PoolNeed): PoolCondition | null {
  if (need.capability === null || !pool.capabilities.includes(need.capability)) return 'capability';
  if (!need.requires.every((name) => pool.capabilities.includes(name))) return 'requires';
  if (pool.tenants !== undefined && !pool.tenants.includes(need.tenant)) return 'tenants';
  if (!environmentFits(pool, need.environment)) return 'environments';
  return need.worker_constraints.every((name) => pool.enforces.includes(name)) ? null : 'enforces';
}

/** The first condition that keeps the pool from running it, as a person reads it. */
export function describeMiss(pool: Pool, need: PoolNeed): string {
  const condition = failedCondition(pool, need);
  return condition === null ? 'it takes it' : SAYS[condition](pool, need);
}

/** Strict both ways: a pool of an environment takes its jobs only, and a job of an environment never runs outside it. */
function environmentFits(pool: Pool, environment: string | null): boolean {
  if (pool.environments === undefined) return environment === null;
  return environment !== null && pool.environments.includes(environment);
}
