-- Held jobs whose question was asked under a policy that is no longer the active one.
CREATE INDEX jobs_held_epoch ON scheduler.jobs (tenant, policy_epoch, job_id) WHERE state = 'held';

-- Walks the distinct pairs of tenant and epoch, so that its cost grows with those and not with the jobs that wait.
CREATE FUNCTION scheduler.outdated(most int) RETURNS TABLE (tenant text, job_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE asked (tenant, epoch) AS (
    (SELECT j.tenant, j.policy_epoch FROM scheduler.jobs j WHERE j.state = 'held'
      ORDER BY j.tenant, j.policy_epoch LIMIT 1)
    UNION ALL
    SELECT n.tenant, n.policy_epoch FROM asked a CROSS JOIN LATERAL (
      SELECT j.tenant, j.policy_epoch FROM scheduler.jobs j
       WHERE j.state = 'held' AND (j.tenant, j.policy_epoch) > (a.tenant, a.epoch)
       ORDER BY j.tenant, j.policy_epoch LIMIT 1) n),
  stale AS (
    SELECT a.tenant, a.epoch FROM asked a CROSS JOIN LATERAL (
      SELECT c.epoch FROM control.policies c WHERE c.scope IN (a.tenant, '*') ORDER BY c.scope = '*' LIMIT 1) active
     WHERE active.epoch <> a.epoch)
  SELECT j.tenant, j.job_id FROM stale s CROSS JOIN LATERAL (
    SELECT h.tenant, h.job_id FROM scheduler.jobs h
     WHERE h.state = 'held' AND h.tenant = s.tenant AND h.policy_epoch = s.epoch ORDER BY h.job_id LIMIT most) j
   LIMIT most
$$;
ALTER FUNCTION scheduler.outdated(int) OWNER TO countersign_owner;
REVOKE ALL ON FUNCTION scheduler.outdated(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION scheduler.outdated(int) TO countersign_scheduler;
