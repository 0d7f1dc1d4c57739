-- What has ended is kept by a trigger after the update and no more by one before it: for that Postgres locks the row first and logs
-- the lock, twice a job. After, nothing is done for a job that had not ended, and whoever changes one that had is refused as before.
DROP TRIGGER keep_ended ON scheduler.jobs;
CREATE TRIGGER keep_ended AFTER UPDATE ON scheduler.jobs FOR EACH ROW
  WHEN (OLD.state IN ('succeeded', 'failed', 'denied', 'refused', 'expired', 'cancelled', 'timed_out', 'quarantined'))
  EXECUTE FUNCTION scheduler.keep_ended();
ALTER TABLE scheduler.jobs ENABLE ALWAYS TRIGGER keep_ended;
