/**
 * Where a job would run, or why nowhere, told before anybody submits it. By the same conditions as the scheduler's choice.
 */
import type { EffectiveJob } from '@countersign/contracts/decision';
import type { PoolsSeen } from '@countersign/contracts/explanation';
import type { Pool } from '@countersign/contracts/policy';
import { eligiblePools, failedCondition, type PoolCondition, type PoolNeed } from '@countersign/policy/choose-pool';

/** The label by which pools tell environments apart. */
const ENVIRONMENT = 'env';

const SAYS: Readonly<Record<PoolCondition, (pool: Pool, need: PoolNeed) => string>> = {
  capability: (_, { capability }) =>
    capability === null ? 'the job has no capability' : `it has not the capability ${capability}`,
  requires: (pool, { requires }) =>
    `it has not ${requires.filter((name) => !pool.capabilities.includes(name)).join(', ')}`,
  tenants: ({ tenants }) => `it takes jobs of ${tenants!.join(', ')} alone`,
  environments: ({ environments }, { environment }) =>
    environments === undefined
      ? `it names no environments, so it takes no job with the label ${ENVIRONMENT}`
      : `it takes jobs with the label ${ENVIRONMENT} ${environments.join(' or ')} alone, and the job ${environment === null ? 'has none' : 'has another'}`,
  enforces: (pool, { worker_constraints }) =>
    `it does not enforce ${worker_constraints.filter((name) => !pool.enforces.includes(name)).join(', ')}`,
};

/** Null where nothing would run, and without pools, where capabilities are not checked. */
export function seePools(pools: readonly Pool[] | null, effective: EffectiveJob | null): PoolsSeen | null {
  if (pools === null || effective === null) return null;
  const need = needOf(effective);
  const [chosen] = eligiblePools(pools, need);
  if (chosen !== undefined) return { pool: chosen.id, failed: [] };
  const failed = pools.map((pool) => {
    const condition = failedCondition(pool, need)!;
    return { id: pool.id, condition, says: SAYS[condition](pool, need) };
  });
  return { pool: null, failed };
}

function needOf({ tenant, capability, requires, labels, constraints }: EffectiveJob): PoolNeed {
  return {
    tenant,
    capability,
    requires,
    environment: labels[ENVIRONMENT] ?? null,
    worker_constraints: constraints.worker ?? [],
  };
}
