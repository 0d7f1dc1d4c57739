/** SQL of who broke the glass: each use, and its review by somebody else. */
import type { GlassBroken } from '@countersign/contracts/approval';
import type { Tx } from '@countersign/platform/database';
import { type Approval, COLUMNS } from './store.ts';

const USE = 'g.approval_id, g.used_by, g.used_at, g.reason, g.reviewed_by, g.reviewed_at, g.review';

type NewUse = { approval_id: string; tenant: string; used_by: string; reason: string };

export async function insertUse(tx: Tx, use: NewUse): Promise<void> {
  await tx.query(
    `INSERT INTO approval.glass_broken (approval_id, tenant, used_by, used_at, reason)
     VALUES ($1, $2, $3, clock_timestamp(), $4)`,
    [use.approval_id, use.tenant, use.used_by, use.reason],
  );
}

export function readUses(tx: Tx, approval_ids: readonly string[]): Promise<(GlassBroken & { approval_id: string })[]> {
  return tx.query(`SELECT ${USE} FROM approval.glass_broken g WHERE g.approval_id = ANY ($1::uuid[])`, [approval_ids]);
}

export async function readUse(tx: Tx, approval_id: string): Promise<GlassBroken | null> {
  const [use] = await readUses(tx, [approval_id]);
  return use ?? null;
}

export async function signOff(tx: Tx, approval_id: string, by: string, comment: string | null): Promise<void> {
  await tx.query(
    `UPDATE approval.glass_broken SET reviewed_by = $2, reviewed_at = clock_timestamp(), review = $3
      WHERE approval_id = $1 AND reviewed_by IS NULL`,
    [approval_id, by, comment],
  );
}

/** Those that nobody has signed off, the newest first. */
export function readUnreviewed(tx: Tx, tenant: string, before: string | null, limit: number): Promise<Approval[]> {
  return tx.query(
    `SELECT ${COLUMNS} FROM approval.glass_broken g JOIN approval.approvals a USING (approval_id)
      WHERE g.tenant COLLATE "C" = $1 AND g.reviewed_by IS NULL AND ($2::uuid IS NULL OR g.approval_id < $2)
      ORDER BY g.approval_id DESC LIMIT $3`,
    [tenant, before, limit],
  );
}
