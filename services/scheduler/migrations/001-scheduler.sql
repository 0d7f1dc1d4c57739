-- Jobs, their content, their attempts: every state, lease and deadline is a row on this database's clock.
CREATE SCHEMA scheduler AUTHORIZATION countersign_owner;
GRANT USAGE ON SCHEMA scheduler TO countersign_scheduler, countersign_approval, countersign_output_safety;

-- What a job is and how it stands. Narrow, because every step writes a row version of it.
CREATE TABLE scheduler.jobs (
  tenant text NOT NULL,
  job_id text NOT NULL,
  topic text NOT NULL,
  capability text,
  labels text NOT NULL,
  actor text NOT NULL,
  auth_method text NOT NULL,
  owner text,
  on_behalf_of text,
  state text NOT NULL CHECK (state IN ('held', 'cleared', 'dispatched', 'running', 'succeeded', 'failed', 'denied',
    'refused', 'expired', 'cancelled', 'timed_out', 'quarantined')),
  reason text,
  decision text NOT NULL,
  rule_id text,
  policy_version bigint NOT NULL,
  policy_snapshot text NOT NULL,
  policy_epoch bigint NOT NULL,
  job_hash text NOT NULL,
  effective_digest text,
  -- Why and by whom a held job must be approved: { stages, expires_ms, max_attempts, reason }.
  approval_terms jsonb,
  approval_id uuid,
  -- Grows every time the job is held: one approval for each.
  held_seq integer NOT NULL DEFAULT 0,
  attempt integer NOT NULL DEFAULT 0,
  -- Attempts that were claimed; these count against max_attempts.
  runs integer NOT NULL DEFAULT 0,
  pool text,
  priority smallint NOT NULL DEFAULT 5,
  not_before timestamptz NOT NULL DEFAULT now(),
  deadline_at timestamptz NOT NULL,
  cancel_requested_by text,
  result_dispatch_id uuid,
  idempotency_key text,
  traceparent text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant, job_id)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX jobs_idempotency ON scheduler.jobs (tenant, actor, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX jobs_cleared ON scheduler.jobs (pool, priority DESC, created_at) WHERE state = 'cleared';
CREATE INDEX jobs_held ON scheduler.jobs (tenant, job_id) WHERE state = 'held';
CREATE INDEX jobs_open_deadline ON scheduler.jobs (deadline_at) WHERE state IN ('held', 'cleared', 'dispatched');
-- Under another collation, so that no plan made on an empty table looks up a single job through it: only the primary key
-- then fits `tenant = … AND job_id = …`. Listings say COLLATE "C".
CREATE INDEX jobs_listed ON scheduler.jobs (tenant COLLATE "C", created_at DESC, job_id DESC);

-- Content and the salts of its digests, erased together; a denied job keeps none.
CREATE TABLE scheduler.contexts (
  tenant text NOT NULL,
  job_id text NOT NULL,
  -- Canonical JSON, exactly as hashed.
  request text,
  rewritten text,
  effective text,
  actor text NOT NULL,
  salt text,
  plain_digest text,
  -- The decisions of the submit gate, for the same answer to the same request.
  decisions text NOT NULL,
  PRIMARY KEY (tenant, job_id)
);

CREATE TABLE scheduler.attempts (
  dispatch_id uuid PRIMARY KEY,
  tenant text NOT NULL,
  job_id text NOT NULL,
  attempt integer NOT NULL,
  pool text NOT NULL,
  worker text,
  claim_id uuid,
  state text NOT NULL CHECK (state IN ('dispatched', 'running', 'reported', 'ended', 'lost', 'void')),
  decision_id uuid NOT NULL,
  approval_id uuid,
  policy_snapshot text NOT NULL,
  policy_epoch bigint NOT NULL,
  effective_digest text NOT NULL,
  payload_digest text NOT NULL,
  timeout_ms integer NOT NULL,
  max_attempts integer NOT NULL,
  max_output_bytes integer NOT NULL,
  -- Of the pool as the policy declared it: at most so many of its attempts run at once.
  pool_concurrency integer NOT NULL,
  dispatched_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  claimed_at timestamptz,
  run_until timestamptz,
  -- When this attempt needs a look: publish again while unclaimed, lease, screening deadline.
  due_at timestamptz NOT NULL,
  UNIQUE (tenant, job_id, attempt)
) WITH (fillfactor = 70);
CREATE INDEX attempts_in_flight ON scheduler.attempts (pool) WHERE state IN ('dispatched', 'running');
CREATE INDEX attempts_due ON scheduler.attempts (due_at) WHERE state IN ('dispatched', 'running', 'reported');

GRANT SELECT, INSERT, UPDATE ON scheduler.jobs, scheduler.contexts, scheduler.attempts TO countersign_scheduler;

-- The stage after this one recovers by reading these, never by hoping for a message.
CREATE VIEW scheduler.held AS
  SELECT j.tenant, j.job_id, j.topic, j.actor, j.auth_method, j.owner, j.on_behalf_of, j.capability, j.job_hash, j.effective_digest,
         c.effective, c.salt, j.policy_version, j.policy_snapshot, j.policy_epoch, j.rule_id,
         j.approval_terms ->> 'reason' AS reason, j.approval_terms -> 'stages' AS stages,
         (j.approval_terms ->> 'expires_ms')::bigint AS expires_ms,
         (j.approval_terms ->> 'max_attempts')::integer AS max_attempts, j.held_seq, j.traceparent
    FROM scheduler.jobs j JOIN scheduler.contexts c USING (tenant, job_id)
   WHERE j.state = 'held';
CREATE VIEW scheduler.approval_content AS
  SELECT j.tenant, j.job_id, c.effective, c.salt
    FROM scheduler.jobs j JOIN scheduler.contexts c USING (tenant, job_id)
   WHERE j.held_seq > 0;
GRANT SELECT ON scheduler.held, scheduler.approval_content TO countersign_approval;

-- Content is readable only through a terminal job that names its dispatch id: that is the release.
CREATE VIEW scheduler.releases AS
  SELECT tenant, job_id, state, result_dispatch_id AS dispatch_id FROM scheduler.jobs;
GRANT SELECT ON scheduler.releases TO countersign_output_safety;
ALTER VIEW scheduler.held OWNER TO countersign_owner;
ALTER VIEW scheduler.approval_content OWNER TO countersign_owner;
ALTER VIEW scheduler.releases OWNER TO countersign_owner;
GRANT SELECT ON scheduler.jobs, scheduler.contexts TO countersign_owner;
GRANT SELECT, UPDATE ON scheduler.attempts TO countersign_owner;

-- Runs inside the screening transaction: locks the attempts so that no sweep can lose one while its result is stored.
CREATE FUNCTION scheduler.fence(dispatch_ids uuid[])
  RETURNS TABLE (dispatch_id uuid, tenant text, job_id text, topic text, capability text, actor text, auth_method text, owner text,
                 job_hash text, attempt integer, pool text, worker text, claim_id uuid, max_output_bytes integer,
                 traceparent text, acceptable boolean, code text)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM 1 FROM scheduler.attempts a WHERE a.dispatch_id = ANY (dispatch_ids) ORDER BY a.dispatch_id FOR SHARE;
  RETURN QUERY
    SELECT a.dispatch_id, a.tenant, a.job_id, j.topic, j.capability, j.actor, j.auth_method, j.owner, j.job_hash, a.attempt, a.pool,
           a.worker, a.claim_id, a.max_output_bytes, j.traceparent, v.code IS NULL, v.code
      FROM scheduler.attempts a
      JOIN scheduler.jobs j ON j.tenant = a.tenant AND j.job_id = a.job_id
      CROSS JOIN LATERAL (SELECT CASE
        WHEN a.state NOT IN ('running', 'reported') OR j.attempt <> a.attempt THEN 'attempt_stale'
        WHEN a.due_at <= clock_timestamp() THEN 'lease_expired'
        WHEN j.state <> 'running' THEN 'attempt_stale'
      END AS code) v
     WHERE a.dispatch_id = ANY (dispatch_ids)
     ORDER BY a.dispatch_id;
END $$;
ALTER FUNCTION scheduler.fence(uuid[]) OWNER TO countersign_owner;
REVOKE ALL ON FUNCTION scheduler.fence(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION scheduler.fence(uuid[]) TO countersign_output_safety;
