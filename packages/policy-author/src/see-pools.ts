/**
 * Where a job would run, or why nowhere, told before anybody submits it. By the same conditions as the scheduler's choice.
 */
import type { EffectiveJob } from '@countersign/contracts/decision';
import type { PoolsSeen } from '@countersign/contracts/explanation';
import type { Pool } from '@countersign/contracts/policy-pools';
import {
  describeMiss,
  ENVIRONMENT,
  eligiblePools,
  failedCondition,
  type PoolNeed,
} from '@countersign/policy/choose-pool';

/** Null where nothing would run, and without pools, where capabilities are not checked. */
export function seePools(pools: readonly Pool[] | null, effective: EffectiveJob | null): PoolsSeen | null {
  if (pools === null || effective === null) return null;
  const need = needOf(effective);
  const [chosen] = eligiblePools(pools, need);
  if (chosen !== undefined) return { pool: chosen.id, failed: [] };
  const failed = pools.map((pool) => {
    const condition = failedCondition(pool, need)!;
    return { id: pool.id, condition, says: describeMiss(pool, need) };
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
