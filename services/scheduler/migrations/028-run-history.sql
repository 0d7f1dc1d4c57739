-- What runs did before, for the kernel, where a policy asks for it. A job without the label `run` is in no run, and pays nothing.
CREATE INDEX jobs_of_runs_agent ON scheduler.jobs (tenant COLLATE "C", actor, created_at DESC, job_id DESC)
  WHERE labels LIKE '%"run":%';

-- For each place the jobs of a run (within null), or of agents in any run, that were dispatched, by topic and capability: how many,
-- and the first whose output may be read. `actors`: the agent and those on whose behalf it asks, by spaces. `own` is left out. Null
-- where there are more than `most` to look at, or no run is named. `before`: as it stood then; null is now.
--
-- `within_ms` is counted back from a job's last step, or from its release by people: an agent could wait for an approval until its
-- time was over, and read the output afterwards. A job waits and runs for at most a day (LIMITS.deadline_ms), and its last attempt
-- a little longer; null also where twice `most` would have to be read for that.
CREATE FUNCTION scheduler.run_history(tenants text[], actors text[], named text[], own text[], within_ms bigint[], before timestamptz[], most int)
RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  histories jsonb := '[]';
  history jsonb;
  reached_all boolean;
  looked bigint;
  since timestamptz;
  till timestamptz;
  agents text[];
BEGIN
  FOR i IN 1 .. cardinality(tenants) LOOP
    IF named[i] IS NULL THEN
      histories := histories || jsonb_build_array(NULL);
      CONTINUE;
    END IF;
    -- Worked out first: an index is not entered by what the clock says anew for each row.
    since := coalesce(before[i], clock_timestamp()) - within_ms[i] * interval '1 millisecond';
    till := coalesce(before[i], 'infinity');
    agents := string_to_array(actors[i], ' ');
    WITH reached AS MATERIALIZED (
      (SELECT job_id, topic, capability, attempt, state, result_dispatch_id, created_at, updated_at
         FROM scheduler.jobs
        WHERE within_ms[i] IS NULL AND tenant COLLATE "C" = tenants[i] AND labels::jsonb ->> 'run' = named[i]
          AND labels LIKE '%"run":%' AND created_at <= till
        ORDER BY created_at DESC, job_id DESC LIMIT most + 1)
      UNION ALL
      SELECT own_jobs.* FROM unnest(agents) AS a(agent) CROSS JOIN LATERAL (
        SELECT job_id, topic, capability, attempt, state, result_dispatch_id, created_at, updated_at
          FROM scheduler.jobs
         WHERE within_ms[i] IS NOT NULL AND tenant COLLATE "C" = tenants[i] AND actor = a.agent
           AND labels LIKE '%"run":%' AND created_at > since - interval '25 hours' AND created_at <= till
         ORDER BY created_at DESC, job_id DESC LIMIT 2 * most - 1) own_jobs
    ), jobs AS MATERIALIZED (
      SELECT * FROM reached WHERE within_ms[i] IS NULL OR updated_at > since
      UNION
      SELECT j.job_id, j.topic, j.capability, j.attempt, j.state, j.result_dispatch_id, j.created_at, j.updated_at
        FROM output.reviews r
       CROSS JOIN LATERAL (SELECT tenant, job_id FROM scheduler.attempts WHERE dispatch_id = r.dispatch_id OFFSET 0) t
       CROSS JOIN LATERAL (SELECT * FROM scheduler.jobs WHERE tenant = t.tenant AND job_id = t.job_id OFFSET 0) j
       WHERE within_ms[i] IS NOT NULL AND r.action = 'released' AND r.at > since
         AND j.tenant = tenants[i] AND j.actor = ANY (agents) AND j.labels LIKE '%"run":%'
    ), ran AS (
      SELECT j.topic, j.capability, j.job_id, j.updated_at,
             j.result_dispatch_id IS NOT NULL AND j.updated_at <= till
               AND (j.state <> 'quarantined' OR EXISTS (
                 SELECT FROM output.reviews r WHERE r.dispatch_id = j.result_dispatch_id AND r.action = 'released'
                    AND r.at <= till)) AS is_released
        FROM jobs j
       WHERE j.attempt > 0 AND j.job_id <> own[i] AND j.created_at <= till
    ), topics AS (
      SELECT topic, capability, count(*) AS jobs,
             (array_agg(job_id ORDER BY updated_at, job_id) FILTER (WHERE is_released))[1] AS released
        FROM ran GROUP BY topic, capability
    )
    SELECT (SELECT count(*) FROM reached) < 2 * most - 1, (SELECT count(*) FROM jobs),
           coalesce(jsonb_agg(jsonb_build_object('topic', topic, 'capability', capability, 'jobs', jobs, 'released', released)
                              ORDER BY topic COLLATE "C", capability COLLATE "C"), '[]')
      INTO reached_all, looked, history FROM topics;
    histories := histories || jsonb_build_array(CASE WHEN reached_all AND looked <= most THEN history END);
  END LOOP;
  RETURN histories;
END $$;
ALTER FUNCTION scheduler.run_history(text[], text[], text[], text[], bigint[], timestamptz[], int) OWNER TO countersign_owner;
REVOKE ALL ON FUNCTION scheduler.run_history(text[], text[], text[], text[], bigint[], timestamptz[], int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION scheduler.run_history(text[], text[], text[], text[], bigint[], timestamptz[], int)
  TO countersign_policy_kernel;
