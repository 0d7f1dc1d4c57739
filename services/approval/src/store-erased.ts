/** Erases the words of people at approvals whose time is over, and what they offered instead. What they voted for, when and as whom stays. */
import { type ErasingParts, eraseBatch } from '@countersign/platform/store-erasable';

/** Where a column wants some text. */
const ERASED = `'[erased]'`;
const ERASE = `
WITH a AS MATERIALIZED (
  SELECT o.approval_id FROM unnest($1::text[], $2::text[]) AS k (tenant, job_id)
   CROSS JOIN LATERAL (SELECT approval_id FROM approval.approvals WHERE tenant = k.tenant AND job_id = k.job_id OFFSET 0) o),
votes AS (UPDATE approval.votes v SET comment = NULL FROM a WHERE v.approval_id = a.approval_id AND v.comment IS NOT NULL),
glass AS (UPDATE approval.glass_broken g SET reason = ${ERASED} FROM a WHERE g.approval_id = a.approval_id),
reviews AS (UPDATE approval.reviews r SET reason = ${ERASED} FROM unnest($1::text[], $2::text[]) AS k (tenant, job_id)
             WHERE r.tenant = k.tenant AND r.job_id = k.job_id AND r.reason IS NOT NULL),
given AS (UPDATE approval.grants g SET revoked_because = NULL
            FROM a WHERE g.grant_id = a.approval_id AND g.revoked_because IS NOT NULL)
UPDATE approval.approvals p
   SET counter_offer = NULL, withdrawn_because = CASE WHEN p.withdrawn_because IS NOT NULL THEN ${ERASED} END
  FROM a WHERE p.approval_id = a.approval_id AND coalesce(p.withdrawn_because, p.counter_offer::text) IS NOT NULL`;

/** True while there is more. */
export function eraseComments(parts: ErasingParts): Promise<boolean> {
  return eraseBatch(parts, { entry: 'comments_erased', statements: { comments: ERASE } });
}
