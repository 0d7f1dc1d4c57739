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

-- Of the pool as the policy declared it: at most so many by one worker. Null for no such bound. Held at the claim (032).
ALTER TABLE scheduler.attempts ADD COLUMN worker_concurrency integer;
