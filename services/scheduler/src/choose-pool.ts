/** Which pool takes a job: one that has its capability, tenant, environment and constraints. There is no fallback. */
import { LIMITS } from '@countersign/contracts/limits';
import { describeMiss, eligiblePools } from '@countersign/policy/choose-pool';
import type { PoolList } from './store-pools.ts';
import { UNCHECKED_POOL } from './store-pools.ts';

type PoolNeed = Parameters<typeof eligiblePools>[1];
/** `worker_concurrency`: how many of its jobs one worker runs at once; left out: as many as it likes. */
export type ChosenPool = { id: string; concurrency: number; worker_concurrency?: number | undefined };

/** When a pool is declared nowhere, how many of its jobs may be under way. */
const UNCHECKED_CONCURRENCY = 64;

/** `preferred` stays when it is still eligible, so that a job does not wander between pools. */
export function choosePool(list: PoolList | undefined, need: PoolNeed, preferred: string | null): ChosenPool | null {
  if (!list) return null;
  if (list.unchecked) return { id: UNCHECKED_POOL, concurrency: UNCHECKED_CONCURRENCY };
  const eligible = eligiblePools(list.pools, need);
  return eligible.find((pool) => pool.id === preferred) ?? eligible[0] ?? null;
}

/** Of each pool the first condition that fails, for whoever asks why a job has no place to run. */
export function whyNoPool(list: PoolList | undefined, need: PoolNeed): string {
  const misses = (list?.pools ?? []).map((pool) => `${pool.id}: ${describeMiss(pool, need)}`);
  return ['no eligible pool', ...misses].join('; ').slice(0, LIMITS.reason_chars);
}
