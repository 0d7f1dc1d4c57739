/** SQL of what was revoked, as `control.revoke` left it. */
import type { RevocationView } from '@countersign/contracts/identity';
import type { Tx } from '@countersign/platform/database';

type PageOfRevocations = { tenant: string; workers: boolean; after: string; rows: number };

// Revocations from before the columns were there name only their subject; whose it is, the registry knows.
const LIST = `
  SELECT r.subject, r.kind, coalesce(r.id, r.subject) AS id, coalesce(r.tenant, p.tenant, k.tenant) AS tenant, r.reason,
    r.actor, r.revoked_at
  FROM control.revocations r
  LEFT JOIN identity.principals p ON p.principal_id = r.subject
  LEFT JOIN identity.api_keys k ON r.subject LIKE 'key:%' AND k.key_id = substr(r.subject, 5)
  WHERE r.subject > $3 AND (coalesce(r.tenant, p.tenant, k.tenant) = $1 OR ($2 AND r.subject LIKE 'worker:%'))
  ORDER BY r.subject LIMIT $4`;

export function listRevocations(
  tx: Tx,
  { tenant, workers, after, rows }: PageOfRevocations,
): Promise<(RevocationView & { subject: string })[]> {
  return tx.query(LIST, [tenant, workers, after, rows]);
}
