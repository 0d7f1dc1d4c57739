/** SQL of published bundles: what verified, under which versions it can be found, and which of them shadow. */
import type { Tx } from '@countersign/platform/database';

export type Publication = {
  bundle_id: number;
  version: number;
  snapshot: string;
  scopes: string[];
  not_before: string;
  not_after: string;
  key_ids: string[];
  published_by: string | null;
};
export type Published = Publication & { published_at: string; document: string };
/** `activated`: at any time, anywhere. */
export type ListedBundle = Omit<Published, 'document'> & { activated: boolean };

const COLUMNS = `p.bundle_id, p.version, p.snapshot, p.scopes, p.not_before, p.not_after, p.key_ids, p.published_by,
                 p.published_at`;

/** Its id; the same for the same document, which stays as it was judged. */
export const storeDocument = async (tx: Tx, document: string): Promise<number> => {
  const [row] = await tx.query<{ bundle_id: number }>(
    `INSERT INTO policy.bundles (document, document_sha256) VALUES ($1, sha256(convert_to($1, 'UTF8')))
     ON CONFLICT (document_sha256) DO UPDATE SET state = bundles.state
     RETURNING bundle_id`,
    [document],
  );
  return row!.bundle_id;
};

/** What waits here is never activated by itself. One that was active before stays marked so. */
export const markPublished = async (tx: Tx, bundle_id: number): Promise<void> => {
  await tx.query(
    `UPDATE policy.bundles SET state = 'published', code = NULL, detail = NULL, judged_at = clock_timestamp()
      WHERE bundle_id = $1 AND state IN ('pending', 'rejected')`,
    [bundle_id],
  );
};

/** False when one of its versions belongs to another bundle; then nothing may be committed. */
export const insertPublication = async (tx: Tx, publication: Publication): Promise<boolean> => {
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
};

/** `scopes` in the order of preference. */
export const readPublished = async (tx: Tx, scopes: readonly string[], version: number): Promise<Published | null> => {
  const [row] = await tx.query<Published>(
    `SELECT ${COLUMNS}, b.document
       FROM policy.versions v JOIN policy.published p USING (bundle_id) JOIN policy.bundles b USING (bundle_id)
      WHERE v.scope = ANY ($1::text[]) AND v.version = $2
      ORDER BY array_position($1::text[], v.scope) LIMIT 1`,
    [scopes, version],
  );
  return row ?? null;
};

export const readBySnapshot = async (tx: Tx, snapshot: string): Promise<ListedBundle | null> => {
  const [row] = await tx.query<ListedBundle>(
    `SELECT ${COLUMNS}, EXISTS (SELECT FROM policy.activations a WHERE a.snapshot = p.snapshot) AS activated
       FROM policy.published p WHERE p.snapshot = $1`,
    [snapshot],
  );
  return row ?? null;
};

/** Newest first; `before` is the last bundle id of the page before. */
export const listPublished = (
  tx: Tx,
  scopes: readonly string[],
  before: number | null,
  limit: number,
): Promise<ListedBundle[]> =>
  tx.query<ListedBundle>(
    `SELECT ${COLUMNS}, EXISTS (SELECT FROM policy.activations a WHERE a.snapshot = p.snapshot) AS activated
       FROM policy.published p
      WHERE p.scopes && $1::text[] AND ($2::bigint IS NULL OR p.bundle_id < $2)
      ORDER BY p.bundle_id DESC LIMIT $3`,
    [scopes, before, limit],
  );

/** 0 when nothing was ever published for any of them. */
export const newestVersion = async (tx: Tx, scopes: readonly string[]): Promise<number> => {
  const [row] = await tx.query<{ version: number }>(
    `SELECT coalesce(max(version), 0) AS version FROM policy.versions WHERE scope = ANY ($1::text[])`,
    [scopes],
  );
  return row!.version;
};

export type StoredShadow = {
  scope: string;
  bundle_id: number;
  version: number;
  snapshot: string;
  until: string;
  set_by: string;
};

export const setShadow = async (
  tx: Tx,
  scope: string,
  shadow: { bundle_id: number; until: string; set_by: string } | null,
): Promise<void> => {
  if (shadow === null) await tx.query(`DELETE FROM policy.shadows WHERE scope = $1`, [scope]);
  else
    await tx.query(
      `INSERT INTO policy.shadows (scope, bundle_id, until, set_by) VALUES ($1, $2, $3, $4)
       ON CONFLICT (scope) DO UPDATE SET bundle_id = excluded.bundle_id, until = excluded.until, set_by = excluded.set_by`,
      [scope, shadow.bundle_id, shadow.until, shadow.set_by],
    );
};

/** Those that have not ended. */
export const readShadows = (tx: Tx): Promise<StoredShadow[]> =>
  tx.query<StoredShadow>(
    `SELECT s.scope, s.bundle_id, p.version, p.snapshot, s.until, s.set_by
       FROM policy.shadows s JOIN policy.published p USING (bundle_id)
      WHERE s.until > clock_timestamp() ORDER BY s.scope`,
  );

export const readDocument = async (tx: Tx, bundle_id: number): Promise<string | null> => {
  const [row] = await tx.query<{ document: string }>(`SELECT document FROM policy.bundles WHERE bundle_id = $1`, [
    bundle_id,
  ]);
  return row?.document ?? null;
};
