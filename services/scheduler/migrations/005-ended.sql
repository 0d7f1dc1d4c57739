-- A job that has ended stays as it ended, whoever asks and by whatever statement: the table of transitions holds in code,
-- this holds against code that is wrong and a role that is somebody else's.
CREATE FUNCTION scheduler.keep_ended() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'the job has ended: %', OLD.state USING ERRCODE = 'CS007';
END $$;
ALTER FUNCTION scheduler.keep_ended() OWNER TO countersign_owner;
REVOKE ALL ON FUNCTION scheduler.keep_ended() FROM PUBLIC;

CREATE TRIGGER keep_ended BEFORE UPDATE ON scheduler.jobs FOR EACH ROW
  WHEN (OLD.state IN ('succeeded', 'failed', 'denied', 'refused', 'expired', 'cancelled', 'timed_out', 'quarantined')
    AND OLD IS DISTINCT FROM NEW)
  EXECUTE FUNCTION scheduler.keep_ended();
ALTER TABLE scheduler.jobs ENABLE ALWAYS TRIGGER keep_ended;
