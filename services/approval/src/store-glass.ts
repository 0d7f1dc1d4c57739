/** SQL of who broke the glass: each use, with its review by somebody else. */
import type { GlassBroken } from '@countersign/contracts/approval';
import type { Tx } from '@countersign/platform/database';

const USES = `
SELECT g.approval_id, g.used_by, g.used_at, g.reason, r.signed_by AS reviewed_by, r.signed_at AS reviewed_at, r.reason AS review
  FROM approval.glass_broken g LEFT JOIN approval.reviews r ON r.review_id = g.approval_id
 WHERE g.approval_id = ANY ($1::uuid[])`;

type NewUse = { approval_id: string; tenant: string; used_by: string; reason: string };

export async function insertUse(tx: Tx, use: NewUse): Promise<void> {
  await tx.query(
    `INSERT INTO approval.glass_broken (approval_id, tenant, used_by, used_at, reason)
     VALUES ($1, $2, $3, clock_timestamp(), $4)`,
    [use.approval_id, use.tenant, use.used_by, use.reason],
  );
}

export function readUses(tx: Tx, approval_ids: readonly string[]): Promise<(GlassBroken & { approval_id: string })[]> {
  return tx.query(USES, [approval_ids]);
}
