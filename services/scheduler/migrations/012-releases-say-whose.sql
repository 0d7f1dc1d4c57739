-- Whoever reviews a quarantined output is judged by whose job it is, and the evidence says it.
CREATE OR REPLACE VIEW scheduler.releases AS
  SELECT tenant, job_id, state, result_dispatch_id AS dispatch_id, topic, capability, actor, auth_method, owner,
         on_behalf_of, job_hash, pool, traceparent
    FROM scheduler.jobs;
