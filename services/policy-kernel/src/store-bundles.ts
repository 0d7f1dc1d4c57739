/** SQL that publishes bundles: what verified, under which versions it can be found, and which of them shadow. */
import type { Tx } from '@countersign/platform/database';
import type { Tables } from './tables.ts';

type Publication = Omit<Tables['policy.published'], 'published_at'>;

/** Its id; the same for the same document, which stays as it was judged. */
export async function storeDocument(tx: Tx, document: string): Promise<number> {
  const [row] = await tx.query<{ bundle_id: number }>(
    `INSERT INTO policy.bundles (document, document_sha256) VALUES ($1, sha256(convert_to($1, 'UTF8')))
     ON CONFLICT (document_sha256) DO UPDATE SET state = bundles.state
     RETURNING bundle_id`,
    [document],
  );
  return row!.bundle_id;
}

/** Published bundles are never activated by themselves. One that was active before stays marked. */
export async function markPublished(tx: Tx, bundle_id: number): Promise<void> {
  await tx.query(
    `UPDATE policy.bundles SET state = 'published', code = NULL, detail = NULL, judged_at = clock_timestamp()
      WHERE bundle_id = $1 AND state IN ('pending', 'rejected')`,
    [bundle_id],
  );
}

/** False when one of its versions belongs to another bundle; then nothing may be committed. */
export async function insertPublication(tx: Tx, publication: Publication): Promise<boolean> {
  const { bundle_id, version, snapshot, scopes, not_before, not_after, key_ids, published_by } = publication;
  await tx.query(
    `INSERT INTO policy.published (bundle_id, version, snapshot, scopes, not_before, not_after, key_ids, published_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (snapshot) DO NOTHING`,
    [bundle_id, version, snapshot, scopes, not_before, not_after, key_ids, published_by],
  );
  await tx.query(
    `INSERT INTO policy.versions (scope, version, bundle_id)
     SELECT s.scope, $2, p.bundle_id FROM unnest($1::text[]) AS s(scope), policy.published p WHERE p.snapshot = $3
     ON CONFLICT (scope, version) DO NOTHING`,
    [[...scopes].sort(), version, snapshot],
  );
  // A statement of its own: it sees what another transaction committed while the one before waited for it.
  const rows = await tx.query<{ snapshot: string }>(
    `SELECT p.snapshot FROM policy.versions v JOIN policy.published p USING (bundle_id)
      WHERE v.scope = ANY ($1::text[]) AND v.version = $2`,
    [scopes, version],
  );
  return rows.every((row) => row.snapshot === snapshot);
}

export async function setShadow(
  tx: Tx,
  scope: string,
  shadow: { bundle_id: number; until: string; set_by: string } | null,
): Promise<void> {
  if (shadow === null) await tx.query(`DELETE FROM policy.shadows WHERE scope = $1`, [scope]);
  else
    await tx.query(
      `INSERT INTO policy.shadows (scope, bundle_id, until, set_by) VALUES ($1, $2, $3, $4)
       ON CONFLICT (scope) DO UPDATE SET bundle_id = excluded.bundle_id, until = excluded.until, set_by = excluded.set_by`,
      [scope, shadow.bundle_id, shadow.until, shadow.set_by],
    );
}
