-- Requests for people's yes, their votes, and the one door through which the scheduler spends a yes.
-- Only the approval service writes here; a redemption happens inside the scheduler's own transaction.
CREATE SCHEMA approval;
REVOKE ALL ON SCHEMA approval FROM PUBLIC;
GRANT USAGE ON SCHEMA approval TO countersign_approval, countersign_scheduler, countersign_owner;

CREATE TABLE approval.approvals (
  approval_id uuid PRIMARY KEY,
  tenant text NOT NULL,
  job_id text NOT NULL,
  -- Grows each time the job is held again: a yes to an earlier hold is worth nothing to a later one.
  held_seq integer NOT NULL,
  topic text NOT NULL,
  capability text,
  requester text NOT NULL,
  auth_method text NOT NULL,
  owner text,
  on_behalf_of text,
  job_hash text NOT NULL,
  effective_digest text NOT NULL,
  policy_version bigint NOT NULL,
  policy_snapshot text NOT NULL,
  policy_epoch bigint NOT NULL,
  rule_id text,
  reason text NOT NULL,
  -- Without a stage nobody would have to say yes.
  stages jsonb NOT NULL CHECK (jsonb_array_length(stages) > 0),
  max_attempts integer NOT NULL CHECK (max_attempts >= 1),
  -- What a vote must name; covers everything above that decides.
  digest text NOT NULL,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'granted', 'refused', 'expired', 'voided')),
  opened_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  closed_at timestamptz,
  redemptions integer NOT NULL DEFAULT 0,
  redeemed_at timestamptz,
  traceparent text NOT NULL,
  UNIQUE (tenant, job_id, held_seq),
  CHECK ((state = 'open') = (closed_at IS NULL)),
  CHECK (redemptions BETWEEN 0 AND max_attempts),
  CHECK ((redemptions = 0) = (redeemed_at IS NULL))
);
CREATE INDEX approvals_open ON approval.approvals (expires_at) WHERE state = 'open';
CREATE INDEX approvals_listed ON approval.approvals (tenant, approval_id DESC);

CREATE TABLE approval.votes (
  approval_id uuid NOT NULL REFERENCES approval.approvals,
  voter text NOT NULL,
  auth_method text NOT NULL,
  vote text NOT NULL CHECK (vote IN ('approve', 'reject')),
  stage integer NOT NULL,
  "group" text NOT NULL,
  -- Free text of a person: content, so it never enters the ledger.
  comment text,
  voted_at timestamptz NOT NULL,
  -- Each person counts once in an approval, whatever groups they are in.
  PRIMARY KEY (approval_id, voter)
);

-- A closed approval stays as it was closed, and what was shown never changes under its digest.
CREATE FUNCTION approval.keep_closed() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF OLD.state <> 'open' AND (NEW.state, NEW.closed_at) IS DISTINCT FROM (OLD.state, OLD.closed_at) THEN
    RAISE EXCEPTION 'approval % is closed', OLD.approval_id;
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION approval.keep_closed() FROM PUBLIC;
CREATE TRIGGER keep_closed BEFORE UPDATE ON approval.approvals FOR EACH ROW EXECUTE FUNCTION approval.keep_closed();

GRANT SELECT, INSERT, UPDATE (state, closed_at) ON approval.approvals TO countersign_approval;
GRANT SELECT, INSERT ON approval.votes TO countersign_approval;

-- How each approval ended; the scheduler's sweep reads what no wake-up told it.
CREATE VIEW approval.outcomes AS
  SELECT tenant, job_id, held_seq, approval_id, state, closed_at
  FROM approval.approvals
  WHERE state <> 'open';
GRANT SELECT ON approval.outcomes TO countersign_scheduler;

-- Spends one attempt of a granted approval, or says why not (contracts/approval.ts, REDEEM_OUTCOMES). Runs in the
-- scheduler's dispatch transaction, so a dispatch that rolls back has spent nothing. Expiry bounds the first
-- redemption; later attempts of the same job may redeem after it.
CREATE FUNCTION approval.redeem(
  p_tenant text, p_job_id text, p_approval_id uuid,
  p_job_hash text, p_effective_digest text, p_snapshot text, p_epoch bigint
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  shown approval.approvals%ROWTYPE;
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
  UPDATE approval.approvals
    SET redemptions = redemptions + 1, redeemed_at = coalesce(redeemed_at, clock_timestamp())
    WHERE approval_id = p_approval_id;
  RETURN 'ok';
END $$;
GRANT SELECT, UPDATE (redemptions, redeemed_at) ON approval.approvals TO countersign_owner;
ALTER FUNCTION approval.redeem(text, text, uuid, text, text, text, bigint) OWNER TO countersign_owner;
REVOKE ALL ON FUNCTION approval.redeem(text, text, uuid, text, text, text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION approval.redeem(text, text, uuid, text, text, text, bigint) TO countersign_scheduler;
