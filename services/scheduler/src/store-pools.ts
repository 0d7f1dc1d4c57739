/** The pools of the active policy, read from the kernel's own rows: routing needs no question to anybody. */
import type { Pool } from '@countersign/contracts/policy-pools';
import type { Tx } from '@countersign/platform/database';

/** Without `pools.yaml` capabilities aren't checked: one pool takes everything. */
export type PoolList = { snapshot: string; pools: readonly Pool[]; unchecked: boolean };

/** The scope of a policy for every tenant that has none of its own. */
export const EVERY_TENANT = '*';
/** The pool of a bundle that declares none. */
export const UNCHECKED_POOL = 'default';

/** Of each scope the first row alone: the view would go through all activations that it ever had. */
const POOLS = `
SELECT p.scope, p.snapshot, p.pools FROM unnest($1::text[]) AS u (scope)
 CROSS JOIN LATERAL (SELECT scope, snapshot, pools FROM policy.active_pools WHERE scope = u.scope LIMIT 1) p`;

const ACTIVE_POOLS = `
SELECT DISTINCT coalesce(pool ->> 'id', $1) AS name
  FROM policy.active_scopes s
 CROSS JOIN LATERAL (SELECT pools FROM policy.active_pools WHERE scope = s.scope LIMIT 1) p
  LEFT JOIN LATERAL jsonb_array_elements(pools) AS pool ON true
 WHERE pool IS NOT NULL OR pools IS NULL`;

const POOL_NAMES = `${ACTIVE_POOLS}
UNION SELECT pool FROM scheduler.attempts WHERE under_way AND state IN ('dispatched', 'running')`;

const WORKER_KEYS = `
SELECT public_key, CASE WHEN former_key_until > clock_timestamp() THEN former_key END AS former_key
  FROM identity.workers WHERE pool = $1 AND worker = $2`;

/** Of all active policies. */
export async function readActivePools(tx: Tx): Promise<string[]> {
  return (await tx.query<{ name: string }>(ACTIVE_POOLS, [UNCHECKED_POOL])).map(({ name }) => name);
}

/** Of all active policies, and of the attempts under way. */
export async function readPoolNames(tx: Tx): Promise<string[]> {
  return (await tx.query<{ name: string }>(POOL_NAMES, [UNCHECKED_POOL])).map(({ name }) => name);
}

/** Those that count, each base64url of the raw 32 bytes; none for a worker that this pool does not have. */
export async function readWorkerKeys(tx: Tx, pool: string, worker: string): Promise<string[]> {
  type Row = { public_key: string; former_key: string | null };
  const [row] = await tx.query<Row>(WORKER_KEYS, [pool, worker]);
  return row === undefined ? [] : [row.public_key, row.former_key].filter((raw) => raw !== null);
}

/** By scope. A scope without an active policy is absent: nothing may run there. */
export async function readPools(tx: Tx, scopes: readonly string[]): Promise<Map<string, PoolList>> {
  const rows = await tx.query<{ scope: string; snapshot: string; pools: Pool[] | null }>(POOLS, [[...new Set(scopes)]]);
  return new Map(
    rows.map(({ scope, snapshot, pools }) => [scope, { snapshot, pools: pools ?? [], unchecked: pools === null }]),
  );
}
