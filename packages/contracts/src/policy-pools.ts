/** `pools.yaml`: which pools of workers there are, what each of them may run, and how much of it at once. */
import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { capabilityName, labelValue, tenantName, token } from './names.ts';

export const pool = z.strictObject({
  id: token,
  capabilities: nonEmpty(capabilityName),
  /** Left out: every tenant of the bundle's scope. */
  tenants: nonEmpty(tenantName).optional(),
  /** Only jobs whose label `env` is among these; left out: only jobs without that label. */
  environments: nonEmpty(labelValue).optional(),
  /** Worker constraints that its workers really enforce. */
  enforces: z.array(token).max(32).default([]),
  concurrency: z.int().min(1).max(10_000),
  /** Jobs that one of its workers runs at once, whatever its own setting says; left out: as many as it likes. */
  worker_concurrency: z.int().min(1).max(10_000).optional(),
});
export type Pool = z.infer<typeof pool>;
export const poolsSource = z.strictObject({ pools: z.array(pool).min(1).max(LIMITS.policy_list) });

export function nonEmpty<T extends z.ZodType>(item: T) {
  return z.array(item).min(1).max(LIMITS.policy_list);
}
