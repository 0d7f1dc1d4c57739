/**
 * Erases outputs whose time is over: what may be read, or what is sealed with what people let out of it. The salt goes with the last
 * of what the worker reported, so that a short secret can't be guessed back from its digest.
 */
import { type ErasingParts, eraseBatch } from '@countersign/platform/store-erasable';
import { FORGOTTEN } from './artifacts/store-artifacts.ts';

/** Of each of these jobs all. */
const DISPATCHES = `unnest($1::text[], $2::text[]) AS k (tenant, job_id)
  CROSS JOIN LATERAL (SELECT dispatch_id FROM scheduler.dispatches WHERE tenant = k.tenant AND job_id = k.job_id OFFSET 0) d`;

/** Files go with the result that names them; what cleans the store takes their bytes then. */
const ERASE_READABLE = `
WITH files AS (
  UPDATE output.artifacts a SET ${FORGOTTEN}
    FROM unnest($1::text[], $2::text[]) AS k (tenant, job_id), output.results r
   WHERE a.tenant = k.tenant AND a.job_id = k.job_id AND a.sealed_key IS NOT NULL AND r.dispatch_id = a.dispatch_id
     AND r.output_decision <> 'quarantine')
UPDATE output.results r SET content = NULL, erased_at = clock_timestamp(), salt = CASE WHEN r.sealed IS NOT NULL THEN r.salt END
  FROM ${DISPATCHES} WHERE r.dispatch_id = d.dispatch_id AND r.content IS NOT NULL`;
const ERASE_SEALED = `
WITH files AS (
  UPDATE output.artifacts a SET ${FORGOTTEN}
    FROM unnest($1::text[], $2::text[]) AS k (tenant, job_id), output.results r
   WHERE a.tenant = k.tenant AND a.job_id = k.job_id AND a.sealed_key IS NOT NULL AND r.dispatch_id = a.dispatch_id
     AND r.output_decision = 'quarantine'), gone AS (
  UPDATE output.results r SET sealed = NULL, seal_key_id = NULL, salt = NULL, erased_at = clock_timestamp()
    FROM ${DISPATCHES} WHERE r.dispatch_id = d.dispatch_id AND r.output_decision <> 'allow' RETURNING r.dispatch_id)
UPDATE output.reviews v SET content = NULL FROM gone WHERE v.dispatch_id = gone.dispatch_id AND v.content IS NOT NULL`;

/** True while there is more. */
export function eraseOutputs(parts: ErasingParts): Promise<boolean> {
  const statements = { results: ERASE_READABLE, quarantined: ERASE_SEALED };
  return eraseBatch(parts, { entry: 'outputs_erased', statements });
}
