-- One yes for several jobs alike, where the rule allows it: so many, within a time, under the policy that asked. The approval
-- that people voted on gives the grant and is its first use; every further job has an approval of its own, bound to exactly its
-- content, that names the grant. A use is counted when the job is dispatched, under the grant's lock.
ALTER TABLE approval.votes ADD COLUMN "grant" jsonb, ADD CHECK ("grant" IS NULL OR vote = 'approve');

CREATE TABLE approval.grants (
  grant_id uuid PRIMARY KEY REFERENCES approval.approvals,
  tenant text NOT NULL,
  max_uses integer NOT NULL CHECK (max_uses >= 2),
  used integer NOT NULL DEFAULT 1,
  granted_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  -- Whoever voted, and whoever they voted for: once one of them is revoked, it is worth nothing.
  given_by text[] NOT NULL,
  revoked_by text,
  revoked_at timestamptz,
  -- In the words of whoever revoked it: content.
  revoked_because text,
  CHECK (used BETWEEN 1 AND max_uses),
  CHECK ((revoked_by IS NULL) = (revoked_at IS NULL))
);
CREATE INDEX grants_usable ON approval.grants (tenant, expires_at) WHERE revoked_at IS NULL;
CREATE INDEX grants_listed ON approval.grants (tenant COLLATE "C", grant_id DESC);

ALTER TABLE approval.approvals
  ADD COLUMN "grant" jsonb,
  ADD COLUMN by_grant uuid REFERENCES approval.grants,
  ADD COLUMN grant_use integer,
  ADD CHECK (grant_use IS NULL OR by_grant IS NOT NULL);
CREATE UNIQUE INDEX approvals_grant_use ON approval.approvals (by_grant, grant_use) WHERE grant_use IS NOT NULL;

GRANT SELECT, INSERT, UPDATE (revoked_by, revoked_at, revoked_because) ON approval.grants TO countersign_approval;
GRANT SELECT, UPDATE (used) ON approval.grants TO countersign_owner;
GRANT UPDATE (grant_use) ON approval.approvals TO countersign_owner;

-- As `redeem` was. What a grant let through is counted on its first attempt, and only where the decision of this moment still
-- follows the rule and the terms that it was given under: p_grant is null where nobody asked for that.
CREATE FUNCTION approval.spend(
  p_tenant text, p_job_id text, p_approval_id uuid, p_job_hash text, p_effective_digest text, p_snapshot text, p_epoch bigint,
  p_rule_id text, p_grant jsonb
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  shown approval.approvals%ROWTYPE;
  given approval.grants%ROWTYPE;
  use integer;
BEGIN
  SELECT * INTO shown FROM approval.approvals
    WHERE approval_id = p_approval_id AND tenant = p_tenant AND job_id = p_job_id
    FOR UPDATE;
  IF NOT FOUND THEN RETURN 'missing'; END IF;
  IF shown.state <> 'granted' THEN RETURN 'not_granted'; END IF;
  IF shown.job_hash IS DISTINCT FROM p_job_hash OR shown.effective_digest IS DISTINCT FROM p_effective_digest THEN
    RETURN 'digest_mismatch';
  END IF;
  IF shown.policy_snapshot IS DISTINCT FROM p_snapshot OR shown.policy_epoch IS DISTINCT FROM p_epoch THEN
    RETURN 'policy_changed';
  END IF;
  -- The clock is read after the lock: waiting for it must not stretch the approval's life.
  IF shown.redeemed_at IS NULL AND shown.expires_at <= clock_timestamp() THEN RETURN 'expired'; END IF;
  IF shown.redemptions >= shown.max_attempts THEN RETURN 'spent'; END IF;
  use := shown.grant_use;
  IF shown.by_grant IS NOT NULL THEN
    IF p_grant IS NULL THEN RETURN 'by_grant'; END IF;
    IF p_grant IS DISTINCT FROM shown."grant" OR p_rule_id IS DISTINCT FROM shown.rule_id THEN RETURN 'grant_missing'; END IF;
    SELECT * INTO given FROM approval.grants WHERE grant_id = shown.by_grant AND tenant = p_tenant FOR NO KEY UPDATE;
    IF NOT FOUND OR NOT EXISTS (
      SELECT FROM approval.approvals a WHERE a.approval_id = shown.by_grant AND a.state = 'granted'
         AND a.policy_snapshot = p_snapshot AND a.policy_epoch = p_epoch) THEN
      RETURN 'grant_missing';
    END IF;
    IF given.revoked_at IS NOT NULL
       OR EXISTS (SELECT FROM control.revocations r WHERE r.subject = ANY (given.given_by)) THEN
      RETURN 'grant_revoked';
    END IF;
    IF use IS NULL THEN
      IF given.expires_at <= clock_timestamp() THEN RETURN 'grant_expired'; END IF;
      IF given.used >= given.max_uses THEN RETURN 'grant_spent'; END IF;
      use := given.used + 1;
      UPDATE approval.grants SET used = use WHERE grant_id = given.grant_id;
    END IF;
  END IF;
  UPDATE approval.approvals
    SET redemptions = redemptions + 1, redeemed_at = coalesce(redeemed_at, clock_timestamp()), grant_use = use
    WHERE approval_id = p_approval_id;
  RETURN 'ok';
END $$;

CREATE OR REPLACE FUNCTION approval.redeem(
  p_tenant text, p_job_id text, p_approval_id uuid,
  p_job_hash text, p_effective_digest text, p_snapshot text, p_epoch bigint
) RETURNS text
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT approval.spend(p_tenant, p_job_id, p_approval_id, p_job_hash, p_effective_digest, p_snapshot, p_epoch, NULL, NULL)
$$;

-- The same for several jobs, uses of grants included: which one, and which of its uses.
CREATE FUNCTION approval.redeem_all(items jsonb)
RETURNS TABLE (tenant text, job_id text, outcome text, by_grant uuid, grant_use integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  item record;
BEGIN
  -- Grants first and in the order of their ids, so that nobody who redeems several waits for another in a circle.
  PERFORM 1 FROM approval.grants g
    WHERE g.grant_id IN (SELECT a.by_grant FROM jsonb_to_recordset(items) AS n (approval_id uuid)
                           JOIN approval.approvals a ON a.approval_id = n.approval_id)
    ORDER BY g.grant_id FOR NO KEY UPDATE;
  FOR item IN
    SELECT * FROM jsonb_to_recordset(items) AS n (tenant text, job_id text, approval_id uuid, job_hash text,
             effective_digest text, policy_snapshot text, policy_epoch bigint, rule_id text, "grant" jsonb)
     ORDER BY n.tenant, n.job_id
  LOOP
    tenant := item.tenant;
    job_id := item.job_id;
    outcome := approval.spend(item.tenant, item.job_id, item.approval_id, item.job_hash, item.effective_digest,
                              item.policy_snapshot, item.policy_epoch, item.rule_id, item."grant");
    by_grant := NULL;
    grant_use := NULL;
    IF outcome = 'ok' THEN
      SELECT a.by_grant, a.grant_use INTO by_grant, grant_use FROM approval.approvals a WHERE a.approval_id = item.approval_id;
    END IF;
    RETURN NEXT;
  END LOOP;
END $$;

ALTER FUNCTION approval.spend OWNER TO countersign_owner;
ALTER FUNCTION approval.redeem_all OWNER TO countersign_owner;
REVOKE ALL ON FUNCTION approval.spend, approval.redeem_all FROM PUBLIC;
GRANT EXECUTE ON FUNCTION approval.redeem_all TO countersign_scheduler;
