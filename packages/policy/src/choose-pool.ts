/**
 * Which pools may run a job. Every condition must hold; when no pool fits, the answer is none, and no pool with more
 * power is ever a fallback.
 */
import type { POOL_CONDITIONS } from '@countersign/contracts/explanation';
import type { Pool } from '@countersign/contracts/policy';

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

/** Strict both ways: a pool of an environment takes its jobs only, and a job of an environment never runs outside it. */
function environmentFits(pool: Pool, environment: string | null): boolean {
  if (pool.environments === undefined) return environment === null;
  return environment !== null && pool.environments.includes(environment);
}
