-- What limits have counted, and the jobs that wait until one of them has room. A job whose rule has no limits comes nowhere
-- near: nothing here is read, written or locked for it.

ALTER TABLE scheduler.jobs DROP CONSTRAINT jobs_state_check1;
ALTER TABLE scheduler.jobs ADD CONSTRAINT jobs_state_check CHECK (state IN ('parked', 'held', 'cleared', 'dispatched', 'running',
  'succeeded', 'failed', 'denied', 'refused', 'expired', 'cancelled', 'timed_out', 'quarantined'));

-- A window is counted in parts, each a row. All parts that reach into it count, so no time as long as the window ever holds
-- more than its bound, wherever it begins, and a place is free again one part late at most.
CREATE TABLE scheduler.limit_uses (
  key text NOT NULL,
  started_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  -- When it reaches into no window any more.
  forget_at timestamptz NOT NULL,
  used numeric NOT NULL,
  PRIMARY KEY (key, started_at)
);
CREATE INDEX limit_uses_forgotten ON scheduler.limit_uses (forget_at);
-- Jobs that were counted as open. Who has ended is found out by whoever counts next.
CREATE TABLE scheduler.limit_open (
  key text NOT NULL,
  tenant text NOT NULL,
  job_id text NOT NULL,
  look_at timestamptz NOT NULL,
  PRIMARY KEY (key, tenant, job_id)
);
CREATE INDEX limit_open_looked ON scheduler.limit_open (look_at);
CREATE TABLE scheduler.parked (
  tenant text NOT NULL,
  job_id text NOT NULL,
  -- Of the limit that had no room.
  key text NOT NULL,
  -- Its place in every queue that it comes to; given under the lock of the first.
  place bigint GENERATED ALWAYS AS IDENTITY,
  deadline_at timestamptz NOT NULL,
  PRIMARY KEY (tenant, job_id)
);
CREATE INDEX parked_queue ON scheduler.parked (key, place);
CREATE INDEX parked_deadline ON scheduler.parked (deadline_at);
CREATE TABLE scheduler.parked_queues (key text PRIMARY KEY, look_at timestamptz NOT NULL);
CREATE INDEX parked_queues_look ON scheduler.parked_queues (look_at);
GRANT SELECT, DELETE ON scheduler.limit_uses, scheduler.limit_open, scheduler.parked, scheduler.parked_queues TO countersign_scheduler;
GRANT UPDATE ON scheduler.limit_open TO countersign_scheduler;
GRANT SELECT, INSERT, UPDATE, DELETE ON scheduler.limit_uses, scheduler.limit_open, scheduler.parked, scheduler.parked_queues TO countersign_owner;

CREATE FUNCTION scheduler.lock_limits(keys text[]) RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_advisory_xact_lock(k.lock)
    FROM (SELECT DISTINCT hashtextextended('countersign.limit.' || u, 0) AS lock FROM unnest(keys) AS u ORDER BY 1) k
$$;

-- Counts jobs that are admitted in this transaction, in the order given: all that a job asks for, or nothing. `room`; `ask`:
-- room but for the limits in `asks`, which count nothing; `park` and `deny`: counted nowhere. `used`: without this job.
CREATE FUNCTION scheduler.reserve(items jsonb)
RETURNS TABLE (place int, outcome text, limit_id text, used text, asks text[], asks_used text[])
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  keys constant text[] := ARRAY(SELECT DISTINCT l.key FROM jsonb_to_recordset(items) AS n (limits jsonb)
                                 CROSS JOIN LATERAL jsonb_to_recordset(n.limits) AS l (key text));
  job record;
  bound record;
  turn bigint;
  taken numeric;
  parked_for text;
  again_at timestamptz;
BEGIN
  PERFORM scheduler.lock_limits(keys);
  -- Statements of their own: they see what committed before the locks were given.
  DELETE FROM scheduler.limit_open o USING unnest(keys) AS k (key)
   WHERE o.key = k.key AND NOT EXISTS (
     SELECT FROM scheduler.jobs j WHERE j.tenant = o.tenant AND j.job_id = o.job_id
        AND j.state IN ('parked', 'held', 'cleared', 'dispatched', 'running'));
  FOR job IN
    SELECT n.* FROM ROWS FROM (jsonb_to_recordset(items) AS (tenant text, job_id text, deadline_ms bigint, limits jsonb))
      WITH ORDINALITY AS n (tenant, job_id, deadline_ms, limits, place) ORDER BY n.place
  LOOP
    place := job.place;
    outcome := 'room'; limit_id := NULL; used := NULL; asks := '{}'; asks_used := '{}';
    turn := (SELECT p.place FROM scheduler.parked p WHERE p.tenant = job.tenant AND p.job_id = job.job_id);
    FOR bound IN
      SELECT * FROM jsonb_to_recordset(job.limits) AS l (id text, key text, counts text, most numeric, takes numeric,
        within_ms bigint, exceeded text)
    LOOP
      IF bound.counts = 'open' THEN
        taken := (SELECT count(*) FROM scheduler.limit_open o WHERE o.key = bound.key);
        again_at := clock_timestamp() + interval '500 milliseconds';
      ELSE
        SELECT coalesce(sum(u.used), 0), min(u.ends_at) + bound.within_ms * interval '1 millisecond' INTO taken, again_at
          FROM scheduler.limit_uses u
         WHERE u.key = bound.key AND u.ends_at > clock_timestamp() - bound.within_ms * interval '1 millisecond';
      END IF;
      CONTINUE WHEN taken + bound.takes <= bound.most AND (bound.exceeded <> 'park' OR NOT EXISTS (
        SELECT FROM scheduler.parked p WHERE p.key = bound.key AND (turn IS NULL OR p.place < turn)));
      IF bound.exceeded = 'deny' OR bound.takes > bound.most AND bound.exceeded = 'park' THEN
        -- It would wait for ever, or its rule says no.
        outcome := 'deny'; limit_id := bound.id; used := taken;
        EXIT;
      ELSIF bound.exceeded = 'park' AND outcome <> 'park' THEN
        outcome := 'park'; limit_id := bound.id; used := taken;
        parked_for := bound.key;
        INSERT INTO scheduler.parked_queues AS q (key, look_at)
        VALUES (bound.key, least(again_at, clock_timestamp() + interval '5 seconds'))
            ON CONFLICT (key) DO UPDATE SET look_at = excluded.look_at WHERE turn IS NOT NULL;
      ELSIF bound.exceeded = 'require_approval' THEN
        asks := asks || bound.id; asks_used := asks_used || taken::text;
      END IF;
    END LOOP;

    IF outcome = 'room' THEN
      outcome := CASE WHEN cardinality(asks) > 0 THEN 'ask' ELSE 'room' END;
      INSERT INTO scheduler.limit_uses AS u (key, started_at, ends_at, forget_at, used)
      SELECT l.key, part.started_at, part.started_at + part.width,
             part.started_at + part.width + l.within_ms * interval '1 millisecond', l.takes
        FROM jsonb_to_recordset(job.limits) AS l (id text, key text, counts text, takes numeric, within_ms bigint)
       CROSS JOIN LATERAL (SELECT w.width, date_bin(w.width, clock_timestamp(), timestamptz 'epoch') AS started_at
                             FROM (SELECT ceil(l.within_ms / 60.0) * interval '1 millisecond' AS width) w) part
       WHERE l.counts <> 'open' AND l.id <> ALL (asks)
          ON CONFLICT (key, started_at) DO UPDATE
         SET used = u.used + excluded.used, ends_at = greatest(u.ends_at, excluded.ends_at),
             forget_at = greatest(u.forget_at, excluded.forget_at);
      INSERT INTO scheduler.limit_open (key, tenant, job_id, look_at)
      SELECT l.key, job.tenant, job.job_id, clock_timestamp() + interval '1 hour'
        FROM jsonb_to_recordset(job.limits) AS l (id text, key text, counts text)
       WHERE l.counts = 'open' AND l.id <> ALL (asks)
          ON CONFLICT DO NOTHING;
    END IF;
    IF outcome = 'park' THEN
      INSERT INTO scheduler.parked AS p (tenant, job_id, key, deadline_at)
      VALUES (job.tenant, job.job_id, parked_for, clock_timestamp() + job.deadline_ms * interval '1 millisecond')
          ON CONFLICT (tenant, job_id) DO UPDATE SET key = excluded.key;
    ELSIF turn IS NOT NULL THEN
      DELETE FROM scheduler.parked p WHERE p.tenant = job.tenant AND p.job_id = job.job_id;
    END IF;
    RETURN NEXT;
  END LOOP;
END $$;

-- Of queues in which nobody waits any more; who comes at this moment waits for the lock, and opens one again.
CREATE FUNCTION scheduler.close_queues(keys text[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM scheduler.lock_limits(keys);
  DELETE FROM scheduler.parked_queues q WHERE q.key = ANY (keys) AND NOT EXISTS (SELECT FROM scheduler.parked p WHERE p.key = q.key);
END $$;
ALTER FUNCTION scheduler.lock_limits(text[]) OWNER TO countersign_owner;
ALTER FUNCTION scheduler.reserve(jsonb) OWNER TO countersign_owner;
ALTER FUNCTION scheduler.close_queues(text[]) OWNER TO countersign_owner;
REVOKE ALL ON FUNCTION scheduler.lock_limits(text[]), scheduler.reserve(jsonb), scheduler.close_queues(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION scheduler.reserve(jsonb), scheduler.close_queues(text[]) TO countersign_scheduler;
