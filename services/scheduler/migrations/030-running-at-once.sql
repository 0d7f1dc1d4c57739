-- How many jobs run at once. What no such bound concerns comes nowhere near: nothing here is read, written or locked for it.

-- Jobs that were dispatched under a bound. Who has ended, or lost this attempt, is found out by whoever counts next.
CREATE TABLE scheduler.running_jobs (
  key text NOT NULL,
  tenant text NOT NULL,
  job_id text NOT NULL,
  attempt integer NOT NULL,
  PRIMARY KEY (key, tenant, job_id)
);
-- Cleared jobs that are held back until one under this key has ended: by priority, then the oldest, as in their pool.
CREATE TABLE scheduler.running_waits (
  key text NOT NULL,
  tenant text NOT NULL,
  job_id text NOT NULL,
  most bigint NOT NULL,
  priority smallint NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant, job_id, key)
);
CREATE INDEX running_waits_queue ON scheduler.running_waits (key, priority DESC, created_at, job_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON scheduler.running_jobs, scheduler.running_waits TO countersign_scheduler;
GRANT SELECT ON scheduler.running_jobs TO countersign_owner;
GRANT EXECUTE ON FUNCTION scheduler.lock_limits(text[]) TO countersign_scheduler;

-- As before (022), and what runs at once.
CREATE OR REPLACE FUNCTION scheduler.limit_used(keys text[], counts text[], within_ms bigint[]) RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT array_agg(CASE k.counts WHEN 'open' THEN (
           SELECT count(*)::text FROM scheduler.limit_open o
            CROSS JOIN LATERAL (SELECT state FROM scheduler.jobs WHERE tenant = o.tenant AND job_id = o.job_id OFFSET 0) j
            WHERE o.key = k.key AND j.state IN ('parked', 'held', 'cleared', 'dispatched', 'running'))
         WHEN 'running' THEN (
           SELECT count(*)::text FROM scheduler.running_jobs r
            CROSS JOIN LATERAL (SELECT state, attempt FROM scheduler.jobs WHERE tenant = r.tenant AND job_id = r.job_id OFFSET 0) j
            WHERE r.key = k.key AND j.state IN ('dispatched', 'running') AND j.attempt = r.attempt)
         ELSE (SELECT coalesce(sum(u.used), 0)::text FROM scheduler.limit_uses u
                WHERE u.key = k.key AND u.ends_at > clock_timestamp() - k.within_ms * interval '1 millisecond') END ORDER BY k.place)
    FROM unnest(keys, counts, within_ms) WITH ORDINALITY AS k (key, counts, within_ms, place)
$$;

-- Of the pool as the policy declared it: at most so many by one worker. Null for no such bound.
ALTER TABLE scheduler.attempts ADD COLUMN worker_concurrency integer;

-- As before (024); a bound of one worker is judged on the careful path.
CREATE OR REPLACE FUNCTION scheduler.claim(ids uuid[], pools text[], workers text[], claims uuid[], templates text[])
RETURNS TABLE (place int, tenant text, job_id text, attempt int, timeout_ms int, max_output_bytes int)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  held boolean := control.hold_gate() IS NULL;
  names constant text[] := ARRAY(SELECT DISTINCT p FROM unnest(pools) AS p ORDER BY 1);
  name text;
  used bigint[];
  granted int[];
  free boolean;
  tenants text[];
  jobs text[];
  attempts int[];
  timeouts int[];
  bounds int[];
BEGIN
  FOREACH name IN ARRAY names LOOP
    held := pg_advisory_xact_lock(hashtextextended('countersign.claim.' || name, 0)) IS NULL;
  END LOOP;
  PERFORM 1 FROM (
    SELECT a.tenant, a.job_id FROM unnest(ids) AS k (id)
     CROSS JOIN LATERAL (SELECT tenant, job_id FROM scheduler.attempts WHERE dispatch_id = k.id OFFSET 0) a
     ORDER BY a.tenant, a.job_id) k
   CROSS JOIN LATERAL (SELECT FROM scheduler.jobs WHERE tenant = k.tenant AND job_id = k.job_id FOR UPDATE) j;
  PERFORM 1 FROM (SELECT id FROM unnest(ids) AS u (id) ORDER BY id) k
   CROSS JOIN LATERAL (SELECT FROM scheduler.attempts WHERE dispatch_id = k.id FOR UPDATE) a;
  -- Statements of their own: they see what committed before the locks were given.
  used := ARRAY(
    SELECT (SELECT count(*) FROM scheduler.attempts a WHERE a.under_way AND a.pool = n.name AND a.state = 'running')
      FROM unnest(names) WITH ORDINALITY AS n (name, place) ORDER BY n.place);
  free := NOT EXISTS (SELECT FROM control.switches);
  granted := ARRAY(
    SELECT t.place FROM (
      SELECT c.place, a.pool_concurrency, array_position(names, c.pool) AS at,
             row_number() OVER (PARTITION BY c.pool ORDER BY c.place) AS turn
        FROM unnest(ids, pools, workers) WITH ORDINALITY AS c (id, pool, worker, place)
       CROSS JOIN LATERAL (SELECT * FROM scheduler.attempts WHERE dispatch_id = c.id OFFSET 0) a
       CROSS JOIN LATERAL (SELECT * FROM scheduler.jobs WHERE tenant = a.tenant AND job_id = a.job_id OFFSET 0) j
       WHERE a.pool = c.pool AND a.state = 'dispatched' AND j.state = 'dispatched' AND j.attempt = a.attempt
         AND a.worker_concurrency IS NULL
         AND a.policy_epoch = (SELECT p.epoch FROM control.policies p WHERE p.scope IN (a.tenant, '*')
                                ORDER BY p.scope = '*' LIMIT 1)
         AND NOT EXISTS (SELECT FROM control.revocations r
                          WHERE r.subject IN (j.actor, 'worker:' || c.pool || '/' || c.worker) OFFSET 0)
         AND NOT EXISTS (SELECT FROM control.ceilings l
                          WHERE l.agent = j.actor AND l.changed_at > a.dispatched_at OFFSET 0)
         AND (free OR control.unstopped(a.tenant, j.topic, j.capability, a.pool, j.actor))) t
     WHERE t.turn <= t.pool_concurrency - used[t.at]);
  IF cardinality(granted) = 0 THEN RETURN; END IF;

  WITH running AS (
    UPDATE scheduler.attempts a
       SET state = 'running', worker = workers[g], claim_id = claims[g], claimed_at = clock_timestamp(),
           run_until = clock_timestamp() + a.timeout_ms * interval '1 millisecond',
           due_at = clock_timestamp() + interval '15 seconds'
      FROM unnest(granted) AS g
     CROSS JOIN LATERAL (SELECT ctid FROM scheduler.attempts WHERE dispatch_id = ids[g] OFFSET 0) at
     WHERE a.ctid = at.ctid
    RETURNING g AS place, a.tenant, a.job_id, a.attempt, a.timeout_ms, a.max_output_bytes)
  SELECT array_agg(r.place), array_agg(r.tenant), array_agg(r.job_id), array_agg(r.attempt), array_agg(r.timeout_ms),
         array_agg(r.max_output_bytes)
    INTO granted, tenants, jobs, attempts, timeouts, bounds FROM running r;
  WITH moved AS (
    UPDATE scheduler.jobs j SET state = 'running', reason = NULL, runs = j.runs + 1, updated_at = clock_timestamp()
      FROM unnest(granted, tenants, jobs) AS n (place, tenant, job_id)
     CROSS JOIN LATERAL (SELECT ctid FROM scheduler.jobs WHERE tenant = n.tenant AND job_id = n.job_id OFFSET 0) at
     WHERE j.ctid = at.ctid
    RETURNING j.tenant, j.job_id, j.topic, scheduler.fill(templates[n.place], scheduler.facts(j)) AS body)
  SELECT ledger.append(array_agg('job:' || m.tenant || ':' || m.job_id), array_agg('job_running'::text), array_agg(m.tenant),
                       array_agg(m.topic), array_agg(m.body)) IS NULL
    INTO held FROM moved m;
  RETURN QUERY SELECT * FROM unnest(granted, tenants, jobs, attempts, timeouts, bounds);
END $$;
