/** Erases requests whose time is over, with the salts of their digests and whatever was made of them. */
import { type ErasingParts, eraseBatch } from '@countersign/platform/store-erasable';

const ERASE = `
WITH k AS (SELECT * FROM unnest($1::text[], $2::text[]) AS u (tenant, job_id)),
offers AS (DELETE FROM scheduler.offers o USING k WHERE o.tenant = k.tenant AND o.job_id = k.job_id)
UPDATE scheduler.contexts c
   SET request = NULL, rewritten = NULL, effective = NULL, salt = NULL, plain_digest = NULL, erased_at = clock_timestamp()
  FROM k WHERE c.tenant = k.tenant AND c.job_id = k.job_id`;

/** True while there is more. */
export function erasePayloads(parts: ErasingParts): Promise<boolean> {
  return eraseBatch(parts, { entry: 'payloads_erased', statements: { payloads: ERASE } });
}
