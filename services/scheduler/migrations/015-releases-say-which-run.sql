-- As before (012), with the run, of which there may be a stop.
CREATE OR REPLACE VIEW scheduler.releases AS
  SELECT tenant, job_id, state, result_dispatch_id AS dispatch_id, topic, capability, actor, auth_method, owner,
         on_behalf_of, job_hash, pool, traceparent, labels::jsonb ->> 'run' AS run
    FROM scheduler.jobs;
