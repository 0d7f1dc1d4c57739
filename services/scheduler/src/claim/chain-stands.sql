-- Revision 1. Those on whose behalf a job is done.

-- Nobody in a chain, as rows carry it (scheduler.behind), is revoked. Of the chain alone: the actor is not in it.
CREATE OR REPLACE FUNCTION scheduler.chain_stands(written text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT NOT EXISTS (
    SELECT FROM unnest(scheduler.behind(chain_stands.written)) AS b (name)
     CROSS JOIN LATERAL (SELECT FROM control.revocations WHERE subject = b.name OFFSET 0) r)
$$;
ALTER FUNCTION scheduler.chain_stands OWNER TO countersign_owner;
REVOKE ALL ON FUNCTION scheduler.chain_stands FROM PUBLIC;
