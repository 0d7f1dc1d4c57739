/** All SQL of the policy kernel: bundles as published, activations as decided, and the part of `control` it may change. */
import type { Tx } from '@countersign/platform/database';
import { routinesOf } from '@countersign/platform/routines';
import { z } from 'zod';
import type { Functions } from './tables.ts';

const routines = routinesOf<Functions>();

type Activation = {
  scope: string;
  version: number;
  snapshot: string;
  not_after: string;
  bundle_id: number;
  key_ids: string[];
  activated_by: string;
  pools: unknown;
  output_policy: unknown;
};

const controlScopes = z.object({
  revision: z.int(),
  scopes: z.array(
    z.object({
      scope: z.string(),
      version: z.int(),
      snapshot: z.string(),
      epoch: z.int(),
      activated_at: z.string(),
      not_after: z.string().nullable(),
    }),
  ),
});
type ControlScopes = z.infer<typeof controlScopes>;
export type ControlScope = ControlScopes['scopes'][number];

export async function markActivated(tx: Tx, bundle_id: number): Promise<void> {
  await tx.query(`UPDATE policy.bundles SET state = 'activated', judged_at = clock_timestamp() WHERE bundle_id = $1`, [
    bundle_id,
  ]);
}

/**
 * One statement, so that the activation and its row stand or fall together. Raises CS001 when another policy became
 * active since `expected_epoch`, CS002 when the version does not grow, CS003 when it has expired.
 */
export async function activate(tx: Tx, activation: Activation, expected_epoch: number): Promise<number> {
  const { scope, version, snapshot, not_after, bundle_id, key_ids, activated_by, pools, output_policy } = activation;
  const [row] = await tx.query<{ epoch: number }>(
    `WITH changed AS MATERIALIZED (
       SELECT control.activate_policy($1, $2, $3, $4, $5, $6::jsonb) AS epoch
     ), stored AS (
       INSERT INTO policy.activations (scope, epoch, version, snapshot, bundle_id, key_ids, pools, output_policy)
       SELECT $1, epoch, $2, $3, $7, $8, $9::jsonb, $10::jsonb FROM changed
       ON CONFLICT (scope, epoch) DO NOTHING
     )
     SELECT epoch FROM changed`,
    [
      scope,
      version,
      snapshot,
      not_after,
      expected_epoch,
      JSON.stringify({ bundle_id, key_ids, actor: activated_by }),
      bundle_id,
      key_ids,
      pools === null ? null : JSON.stringify(pools),
      JSON.stringify(output_policy),
    ],
  );
  return row!.epoch;
}

/** Without a lock: what it says may be old by the time it arrives, so gates compare epochs themselves. */
export async function readControl(tx: Tx): Promise<ControlScopes> {
  return controlScopes.parse(await routines.answer(tx, 'control.read'));
}

/** The document behind an activation. */
export async function readActivated(tx: Tx, scope: string, epoch: number): Promise<string | null> {
  const [row] = await tx.query<{ document: string }>(
    `SELECT b.document FROM policy.activations a JOIN policy.bundles b USING (bundle_id)
      WHERE a.scope = $1 AND a.epoch = $2`,
    [scope, epoch],
  );
  return row?.document ?? null;
}

/** Humans of each group, in each tenant of these scopes that the registry knows. */
export function groupSizes(
  tx: Tx,
  scopes: readonly string[],
  groups: readonly string[],
): Promise<{ tenant: string; group_name: string; people: number }[]> {
  return tx.query('SELECT * FROM identity.group_sizes($1::text[], $2::text[])', [scopes, groups]);
}

/** Held jobs that are decided again, in the transaction that has changed the policy; `most` are counted. */
export async function countAskedAgain(tx: Tx, scopes: readonly string[], most: number): Promise<number> {
  const [row] = await tx.query<{ held: number }>('SELECT scheduler.asked_again($1::text[], $2) AS held', [
    scopes,
    most,
  ]);
  return row!.held;
}
