/** SQL of bounded grants. Their uses are counted by `approval.redeem_all`, in the scheduler's dispatch. */
import type { GrantView } from '@countersign/contracts/grant';
import type { Tx } from '@countersign/platform/database';
import { type Approval, COLUMNS, type HeldJob } from './store.ts';

type NewGrant = { grant_id: string; tenant: string; max_uses: number; minutes: number; given_by: string[] };
/** The approval that gave it, and until when it holds. */
export type Usable = Approval & { grant_expires_at: string };
export type Grant = Omit<GrantView, 'state'> & { policy_epoch: number; in_time: boolean };

const INSERT = `
INSERT INTO approval.grants (grant_id, tenant, max_uses, granted_at, expires_at, given_by)
SELECT $1, $2, $3, a.closed_at, a.closed_at + $4 * interval '1 minute', $5
  FROM approval.approvals a WHERE a.approval_id = $1 RETURNING expires_at`;

/** What a grant let through once, and was not worth it then, does not come by it again. */
const USABLE = `
SELECT ${COLUMNS}, g.expires_at AS grant_expires_at
  FROM approval.grants g
 CROSS JOIN LATERAL (SELECT * FROM approval.approvals WHERE approval_id = g.grant_id OFFSET 0) a
 WHERE g.tenant = $1 AND g.revoked_at IS NULL AND g.expires_at > clock_timestamp() AND g.used < g.max_uses
   AND a.requester = $2 AND a.topic = $3 AND a.capability IS NOT DISTINCT FROM $4 AND a.policy_snapshot = $5
   AND a.policy_epoch = $6 AND a.rule_id IS NOT DISTINCT FROM $7
   AND NOT EXISTS (SELECT FROM approval.approvals u WHERE u.tenant = $1 AND u.job_id = $8 AND u.by_grant = g.grant_id)
 ORDER BY g.expires_at LIMIT 100`;

const GRANT = `
SELECT g.grant_id, g.tenant, a.job_id, a.requester, a.on_behalf_of, a.topic, a.capability, a.rule_id, a.policy_version,
       a.policy_epoch, a."grant" -> 'same' AS same, g.max_uses, g.used, g.given_by, g.granted_at, g.expires_at, g.revoked_by,
       g.revoked_at, g.revoked_because, g.expires_at > clock_timestamp() AS in_time
  FROM approval.grants g
 CROSS JOIN LATERAL (SELECT * FROM approval.approvals WHERE approval_id = g.grant_id OFFSET 0) a`;
const LIST = `${GRANT}
 WHERE g.tenant COLLATE "C" = $1 AND ($2::uuid IS NULL OR g.grant_id < $2)
   AND (NOT $3 OR (g.revoked_at IS NULL AND g.expires_at > clock_timestamp() AND g.used < g.max_uses
                   AND a.policy_epoch IS NOT DISTINCT FROM $4))
 ORDER BY g.grant_id DESC LIMIT $5`;

const REVOKE = `
UPDATE approval.grants SET revoked_by = $2, revoked_at = clock_timestamp(), revoked_because = $3
 WHERE grant_id = $1 AND revoked_at IS NULL`;

/** Until when it holds. */
export async function insertGrant(tx: Tx, grant: NewGrant): Promise<string> {
  const { grant_id, tenant, max_uses, minutes, given_by } = grant;
  const [row] = await tx.query<{ expires_at: string }>(INSERT, [grant_id, tenant, max_uses, minutes, given_by]);
  return row!.expires_at;
}

/** Those of the same agent, topic, capability, rule and policy; the one that ends first comes first. */
export function readUsable(tx: Tx, job: HeldJob): Promise<Usable[]> {
  const { tenant, actor, topic, capability, policy_snapshot, policy_epoch, rule_id, job_id } = job;
  const given = [tenant, actor, topic, capability, policy_snapshot, policy_epoch, rule_id, job_id];
  return tx.query<Usable>(USABLE, given);
}

type Page = { tenant: string; before: string | null; active: boolean; epoch: number | null; limit: number };

/** The newest first. `epoch`: of the policy that is active for the tenant. */
export function listGrants(tx: Tx, { tenant, before, active, epoch, limit }: Page): Promise<Grant[]> {
  return tx.query<Grant>(LIST, [tenant, before, active, epoch, limit]);
}

export async function readGrant(tx: Tx, tenant: string, grant_id: string): Promise<Grant | null> {
  const [row] = await tx.query<Grant>(`${GRANT} WHERE g.tenant = $1 AND g.grant_id = $2`, [tenant, grant_id]);
  return row ?? null;
}

/** Waits for whoever is using it. */
export async function lockGrant(tx: Tx, tenant: string, grant_id: string): Promise<void> {
  await tx.query('SELECT 1 FROM approval.grants WHERE tenant = $1 AND grant_id = $2 FOR NO KEY UPDATE', [
    tenant,
    grant_id,
  ]);
}

export async function markRevoked(tx: Tx, grant_id: string, by: string, reason: string): Promise<void> {
  await tx.query(REVOKE, [grant_id, by, reason]);
}
