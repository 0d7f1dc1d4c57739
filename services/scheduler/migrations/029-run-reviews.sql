-- Jobs whose run somebody has to sign off, from their dispatch to their end. Only what a rule marks stands here: no other job
-- reads or writes it.
CREATE TABLE scheduler.run_reviews (
  tenant text NOT NULL,
  job_id text NOT NULL,
  PRIMARY KEY (tenant, job_id)
);
GRANT SELECT, INSERT ON scheduler.run_reviews TO countersign_scheduler;
-- Whether there are any.
GRANT SELECT ON scheduler.run_reviews TO countersign_approval;
GRANT SELECT, UPDATE, DELETE ON scheduler.run_reviews TO countersign_owner;

-- Takes those that have ended off the list for whoever opens their reviews in this transaction. What never ran needs none.
CREATE FUNCTION scheduler.take_reviewable(max_rows int)
RETURNS TABLE (tenant text, job_id text, topic text, capability text, actor text, auth_method text, owner text, on_behalf_of text,
               job_hash text, traceparent text, rule_id text, policy_version bigint, state text)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH ended AS MATERIALIZED (
    SELECT r.tenant, r.job_id FROM scheduler.run_reviews r
     CROSS JOIN LATERAL (SELECT state FROM scheduler.jobs WHERE tenant = r.tenant AND job_id = r.job_id OFFSET 0) j
     WHERE j.state NOT IN ('parked', 'held', 'cleared', 'dispatched', 'running')
     LIMIT max_rows FOR UPDATE OF r SKIP LOCKED),
  taken AS (
    DELETE FROM scheduler.run_reviews r USING ended e
     WHERE r.tenant = e.tenant AND r.job_id = e.job_id RETURNING r.tenant, r.job_id)
  SELECT j.tenant, j.job_id, j.topic, j.capability, j.actor, j.auth_method, j.owner, j.on_behalf_of, j.job_hash, j.traceparent,
         j.rule_id, j.policy_version, j.state
    FROM taken t
   CROSS JOIN LATERAL (SELECT * FROM scheduler.jobs WHERE tenant = t.tenant AND job_id = t.job_id OFFSET 0) j
   WHERE j.runs > 0
$$;
ALTER FUNCTION scheduler.take_reviewable(int) OWNER TO countersign_owner;
REVOKE ALL ON FUNCTION scheduler.take_reviewable(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION scheduler.take_reviewable(int) TO countersign_approval;
