-- Whoever keeps something under a dispatch id finds what is a job's through its attempts, and needs no index of its own for it.
CREATE VIEW scheduler.dispatches AS
  SELECT tenant, job_id, dispatch_id FROM scheduler.attempts;
ALTER VIEW scheduler.dispatches OWNER TO countersign_owner;
GRANT SELECT ON scheduler.dispatches TO countersign_output_safety;
