/** SQL of what is looked up: a worker's key, an output policy, and content, by the one way to it. */
import type { Finding } from '@countersign/contracts/decision';
import type { Tx } from '@countersign/platform/database';
import { queriesOver, readBy, sql } from '@countersign/platform/queries';
import type { Tables } from './tables.ts';

const tables = queriesOver<Tables>();

const keysOf = readBy(({ pool, worker }: { pool: string; worker: string }) =>
  tables
    .selectFrom('identity.workers')
    .select('public_key')
    .select(sql<string | null>`CASE WHEN former_key_until > clock_timestamp() THEN former_key END`.as('former_key'))
    .where('worker', '=', worker)
    .where('pool', '=', pool),
);

/** Of a scope the first row alone: the view would go through all activations that it ever had. */
const activeOutput = tables.selectFrom('policy.active_output').select(['snapshot', 'output_policy']);

const outputPolicyOf = readBy(({ scope, snapshot }: { scope: string; snapshot: string }) =>
  tables
    .selectFrom(activeOutput.where('scope', '=', scope).limit(sql.lit(1)).as('active'))
    .select('output_policy')
    .where('snapshot', '=', snapshot),
);

/** Content is found through the job that names its dispatch id, and through nothing else. */
const released = readBy(({ tenant, job_id }: { tenant: string; job_id: string }) =>
  tables
    .selectFrom('scheduler.releases as l')
    .leftJoin('output.results as r', (join) =>
      join
        .onRef('r.dispatch_id', '=', 'l.dispatch_id')
        .onRef('r.tenant', '=', 'l.tenant')
        .onRef('r.job_id', '=', 'l.job_id'),
    )
    .select(['l.state', 'r.dispatch_id', 'r.attempt', 'r.status', 'r.output_decision', 'r.rule_id'])
    .select(['r.output_digest', 'r.content', 'r.screened_at', 'r.erased_at'])
    .select((of) => of.ref('r.findings').$castTo<Finding[] | null>().as('findings'))
    .where('l.tenant', '=', tenant)
    .where('l.job_id', '=', job_id),
);

/** Those that count, each base64url of the raw 32 bytes; none for a worker that this pool does not have. */
export async function readWorkerKeys(tx: Tx, pool: string, worker: string): Promise<string[]> {
  const [row] = await keysOf(tx, { pool, worker });
  return row === undefined ? [] : [row.public_key, row.former_key].filter((raw) => raw !== null);
}

/** As the policy kernel normalised it; null when this snapshot is no longer, or not yet, the active one. */
export async function readOutputPolicy(tx: Tx, scope: string, snapshot: string): Promise<unknown> {
  const [row] = await outputPolicyOf(tx, { scope, snapshot });
  return row?.output_policy ?? null;
}

/** Null for a job that does not exist; null but for its state where one stands, or ended, without a result. */
export async function readReleased(tx: Tx, tenant: string, job_id: string) {
  const [row] = await released(tx, { tenant, job_id });
  return row ?? null;
}
