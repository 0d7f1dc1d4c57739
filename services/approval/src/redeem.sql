-- Revision 2. What the scheduler asks of an approval.

-- Spends one attempt of a granted approval, or says why not: `missing`, `not_granted`, `digest_mismatch`, `policy_changed`,
-- `expired`, `spent`, `by_grant` (which `redeem_all` spends). All but `ok` mean: hold the job again. Runs in the scheduler's
-- dispatch transaction, so a dispatch that rolls back has spent nothing. Expiry bounds the first redemption; later attempts of
-- the same job may redeem after it.
CREATE OR REPLACE FUNCTION approval.redeem(
  p_tenant text, p_job_id text, p_approval_id uuid,
  p_job_hash text, p_effective_digest text, p_snapshot text, p_epoch bigint
) RETURNS text
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT approval.spend(p_tenant, p_job_id, p_approval_id, p_job_hash, p_effective_digest, p_snapshot, p_epoch, NULL, NULL)
$$;
