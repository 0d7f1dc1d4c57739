-- What a step changes stands last in its row, and no index looks at it while a job goes straight through. Postgres then
-- logs the end of the row and not all of it, and an update leaves the indexes alone (HOT). Both tables are copied once.
-- Until now each step of a job wrote its row anew into two indexes, and each of an attempt into three or four.

DROP VIEW scheduler.held, scheduler.approval_content, scheduler.releases, scheduler.history;
DROP FUNCTION scheduler.facts(scheduler.jobs);
ALTER TABLE scheduler.jobs RENAME TO jobs_before;
ALTER TABLE scheduler.attempts RENAME TO attempts_before;

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
  job_hash text NOT NULL,
  idempotency_key text,
  traceparent text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  deadline_at timestamptz NOT NULL,
  priority smallint NOT NULL DEFAULT 5,
  -- What a gate says anew, and what becomes of a job that waits.
  decision text NOT NULL,
  rule_id text,
  policy_version bigint NOT NULL,
  policy_snapshot text NOT NULL,
  policy_epoch bigint NOT NULL,
  effective_digest text,
  -- Why and by whom a held job must be approved: { stages, expires_ms, max_attempts, reason }.
  approval_terms jsonb,
  approval_id uuid,
  -- Grows every time the job is held: one approval for each.
  held_seq integer NOT NULL DEFAULT 0,
  pool text,
  not_before timestamptz NOT NULL DEFAULT now(),
  cancel_requested_by text,
  cancel_reason text,
  -- Of which state it is a waiting one, null of any other: what the indexes of those that wait look at.
  waiting text GENERATED ALWAYS AS (CASE WHEN state IN ('held', 'cleared') THEN state END) STORED,
  attempt integer NOT NULL DEFAULT 0,
  -- Attempts that were claimed; these count against max_attempts.
  runs integer NOT NULL DEFAULT 0,
  state text NOT NULL CHECK (state IN ('held', 'cleared', 'dispatched', 'running', 'succeeded', 'failed', 'denied',
    'refused', 'expired', 'cancelled', 'timed_out', 'quarantined')),
  reason text,
  result_dispatch_id uuid,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 70);
INSERT INTO scheduler.jobs (tenant, job_id, topic, capability, labels, actor, auth_method, owner, on_behalf_of, job_hash,
       idempotency_key, traceparent, created_at, deadline_at, priority, decision, rule_id, policy_version, policy_snapshot,
       policy_epoch, effective_digest, approval_terms, approval_id, held_seq, pool, not_before, cancel_requested_by,
       cancel_reason, attempt, runs, state, reason, result_dispatch_id, updated_at)
SELECT tenant, job_id, topic, capability, labels, actor, auth_method, owner, on_behalf_of, job_hash,
       idempotency_key, traceparent, created_at, deadline_at, priority, decision, rule_id, policy_version, policy_snapshot,
       policy_epoch, effective_digest, approval_terms, approval_id, held_seq, pool, not_before, cancel_requested_by,
       cancel_reason, attempt, runs, state, reason, result_dispatch_id, updated_at
  FROM scheduler.jobs_before;

CREATE TABLE scheduler.attempts (
  dispatch_id uuid NOT NULL,
  tenant text NOT NULL,
  job_id text NOT NULL,
  attempt integer NOT NULL,
  pool text NOT NULL,
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
  -- How often its warrant was refused, and by which claim last.
  refusals smallint NOT NULL DEFAULT 0,
  refused_claim_id uuid,
  under_way boolean GENERATED ALWAYS AS (state IN ('dispatched', 'running', 'reported')) STORED,
  worker text,
  claim_id uuid,
  claimed_at timestamptz,
  run_until timestamptz,
  -- When this attempt needs a look: publish again while unclaimed, lease, screening deadline.
  due_at timestamptz NOT NULL,
  state text NOT NULL CHECK (state IN ('dispatched', 'running', 'reported', 'ended', 'lost', 'void'))
) WITH (fillfactor = 70);
INSERT INTO scheduler.attempts (dispatch_id, tenant, job_id, attempt, pool, decision_id, approval_id, policy_snapshot,
       policy_epoch, effective_digest, payload_digest, timeout_ms, max_attempts, max_output_bytes, pool_concurrency,
       dispatched_at, refusals, refused_claim_id, worker, claim_id, claimed_at, run_until, due_at, state)
SELECT dispatch_id, tenant, job_id, attempt, pool, decision_id, approval_id, policy_snapshot,
       policy_epoch, effective_digest, payload_digest, timeout_ms, max_attempts, max_output_bytes, pool_concurrency,
       dispatched_at, refusals, refused_claim_id, worker, claim_id, claimed_at, run_until, due_at, state
  FROM scheduler.attempts_before;
DROP TABLE scheduler.jobs_before, scheduler.attempts_before;

ALTER TABLE scheduler.jobs ADD PRIMARY KEY (tenant, job_id);
CREATE UNIQUE INDEX jobs_idempotency ON scheduler.jobs (tenant, actor, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX jobs_cleared ON scheduler.jobs (pool, priority DESC, created_at) WHERE waiting = 'cleared';
CREATE INDEX jobs_held ON scheduler.jobs (tenant, job_id) WHERE waiting = 'held';
CREATE INDEX jobs_held_epoch ON scheduler.jobs (tenant, policy_epoch, job_id) WHERE waiting = 'held';
-- A job that is sent has its deadline looked at when its attempt comes due, at the latest then.
CREATE INDEX jobs_waiting_deadline ON scheduler.jobs (deadline_at) WHERE waiting IS NOT NULL;
-- Under another collation, so that no plan made on an empty table looks up a single job through it (001).
CREATE INDEX jobs_listed ON scheduler.jobs (tenant COLLATE "C", created_at DESC, job_id DESC);
ALTER TABLE scheduler.attempts ADD PRIMARY KEY (dispatch_id);
ALTER TABLE scheduler.attempts ADD UNIQUE (tenant, job_id, attempt);
-- Of those under way there are as many as the pools have room for: what is due among them needs no index of its own.
CREATE INDEX attempts_under_way ON scheduler.attempts (pool) WHERE under_way;

GRANT SELECT, INSERT, UPDATE ON scheduler.jobs, scheduler.attempts TO countersign_scheduler, countersign_owner;

-- As before (005). A trigger's condition may not name a row with generated columns, so the function compares.
CREATE OR REPLACE FUNCTION scheduler.keep_ended() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF OLD IS DISTINCT FROM NEW THEN
    RAISE EXCEPTION 'the job has ended: %', OLD.state USING ERRCODE = 'CS007';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER keep_ended BEFORE UPDATE ON scheduler.jobs FOR EACH ROW
  WHEN (OLD.state IN ('succeeded', 'failed', 'denied', 'refused', 'expired', 'cancelled', 'timed_out', 'quarantined'))
  EXECUTE FUNCTION scheduler.keep_ended();
ALTER TABLE scheduler.jobs ENABLE ALWAYS TRIGGER keep_ended;

-- The views, as before (001 and 002).
CREATE VIEW scheduler.held AS
  SELECT j.tenant, j.job_id, j.topic, j.actor, j.auth_method, j.owner, j.on_behalf_of, j.capability, j.job_hash, j.effective_digest,
         c.effective, c.salt, j.policy_version, j.policy_snapshot, j.policy_epoch, j.rule_id,
         j.approval_terms ->> 'reason' AS reason, j.approval_terms -> 'stages' AS stages,
         (j.approval_terms ->> 'expires_ms')::bigint AS expires_ms,
         (j.approval_terms ->> 'max_attempts')::integer AS max_attempts, j.held_seq, j.traceparent
    FROM scheduler.jobs j JOIN scheduler.contexts c USING (tenant, job_id)
   WHERE j.waiting = 'held';
CREATE VIEW scheduler.approval_content AS
  SELECT j.tenant, j.job_id, c.effective, c.salt
    FROM scheduler.jobs j JOIN scheduler.contexts c USING (tenant, job_id)
   WHERE j.held_seq > 0;
CREATE VIEW scheduler.releases AS
  SELECT tenant, job_id, state, result_dispatch_id AS dispatch_id FROM scheduler.jobs;
CREATE VIEW scheduler.history AS
  SELECT j.tenant, j.job_id, j.topic, j.created_at, j.job_hash, c.request, c.actor, c.salt, c.decisions
    FROM scheduler.jobs j JOIN scheduler.contexts c USING (tenant, job_id);
ALTER VIEW scheduler.held OWNER TO countersign_owner;
ALTER VIEW scheduler.approval_content OWNER TO countersign_owner;
ALTER VIEW scheduler.releases OWNER TO countersign_owner;
ALTER VIEW scheduler.history OWNER TO countersign_owner;
GRANT SELECT ON scheduler.held, scheduler.approval_content TO countersign_approval;
GRANT SELECT ON scheduler.releases TO countersign_output_safety;
GRANT SELECT ON scheduler.history TO countersign_policy_kernel;

-- What every entry about an attempt repeats of its job, as before (004).
CREATE FUNCTION scheduler.facts(job scheduler.jobs) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT ARRAY[to_json(job.actor)::text, job.attempt::text, to_json(job.auth_method)::text, to_json(job.capability)::text,
    to_json(job.job_hash)::text, to_json(job.job_id)::text, to_json(job.owner)::text, to_json(job.tenant)::text,
    to_json(job.topic)::text, to_json(job.traceparent)::text]
$$;
ALTER FUNCTION scheduler.facts(scheduler.jobs) OWNER TO countersign_owner;
REVOKE ALL ON FUNCTION scheduler.facts(scheduler.jobs) FROM PUBLIC;
