-- Revision 1. Held jobs whose policy was replaced.

-- Held jobs that were decided under a policy that is active no more. Walks the distinct pairs of tenant and epoch, so that its
-- cost grows with those and not with the jobs that wait.
CREATE OR REPLACE FUNCTION scheduler.outdated(most int) RETURNS TABLE (tenant text, job_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE asked (tenant, epoch) AS (
    (SELECT j.tenant, j.policy_epoch FROM scheduler.jobs j WHERE j.waiting = 'held'
      ORDER BY j.tenant, j.policy_epoch LIMIT 1)
    UNION ALL
    SELECT n.tenant, n.policy_epoch FROM asked a CROSS JOIN LATERAL (
      SELECT j.tenant, j.policy_epoch FROM scheduler.jobs j
       WHERE j.waiting = 'held' AND (j.tenant, j.policy_epoch) > (a.tenant, a.epoch)
       ORDER BY j.tenant, j.policy_epoch LIMIT 1) n),
  stale AS (
    SELECT a.tenant, a.epoch FROM asked a CROSS JOIN LATERAL (
      SELECT c.epoch FROM control.policies c WHERE c.scope IN (a.tenant, '*') ORDER BY c.scope = '*' LIMIT 1) active
     WHERE active.epoch <> a.epoch)
  SELECT j.tenant, j.job_id FROM stale s CROSS JOIN LATERAL (
    SELECT h.tenant, h.job_id FROM scheduler.jobs h
     WHERE h.waiting = 'held' AND h.tenant = s.tenant AND h.policy_epoch = s.epoch ORDER BY h.job_id LIMIT most) j
   LIMIT most
$$;
