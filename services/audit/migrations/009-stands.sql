-- One reading of what may stop a job, for steps that look at the policy (a claim, a release) and for a beat, which does not.

-- Under the gate: false as soon as the actor is revoked or a stop is in force that could mean this job. A pattern is read
-- only up to its first `*`, so that it never misses one; what it says exactly is judged where every gate judges it
-- (contracts/control.ts).
CREATE FUNCTION control.unstopped(tenant text, topic text, capability text, pool text, actor text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT NOT EXISTS (SELECT FROM control.revocations r WHERE r.subject = unstopped.actor)
    AND NOT EXISTS (
      SELECT FROM control.switches s
      WHERE (s.tenant IS NULL OR s.tenant = unstopped.tenant)
        AND CASE s.kind
          WHEN 'tenant' THEN s.target = unstopped.tenant
          WHEN 'pool' THEN s.target = unstopped.pool
          WHEN 'agent' THEN s.target = unstopped.actor
          WHEN 'topic' THEN starts_with(unstopped.topic, split_part(s.target, '*', 1))
          WHEN 'capability' THEN starts_with(unstopped.capability, split_part(s.target, '*', 1))
          ELSE true
        END)
$$;

-- As before (006), by that reading.
CREATE OR REPLACE FUNCTION control.stands(tenant text, epoch bigint, topic text, capability text, pool text, actor text)
RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce((SELECT c.epoch FROM control.policies c WHERE c.scope IN (stands.tenant, '*')
                   ORDER BY c.scope = '*' LIMIT 1) = stands.epoch, false)
    AND control.unstopped(stands.tenant, stands.topic, stands.capability, stands.pool, stands.actor)
$$;

ALTER FUNCTION control.unstopped OWNER TO countersign_owner;
REVOKE ALL ON FUNCTION control.unstopped FROM PUBLIC;
