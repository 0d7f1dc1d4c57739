-- What a replay decides again: jobs as they were asked for and as the submit gate decided them. A denied job has no
-- content, and what retention erased is null: the reader counts both and guesses nothing.
GRANT USAGE ON SCHEMA scheduler TO countersign_policy_kernel;
CREATE VIEW scheduler.history AS
  SELECT j.tenant, j.job_id, j.topic, j.created_at, j.job_hash, c.request, c.actor, c.salt, c.decisions
    FROM scheduler.jobs j JOIN scheduler.contexts c USING (tenant, job_id);
ALTER VIEW scheduler.history OWNER TO countersign_owner;
GRANT SELECT ON scheduler.history TO countersign_policy_kernel;
