-- How long content is kept, legal holds, and the list of what is to be erased, which each service that has content works off. A job
-- that runs comes nowhere near: nothing here is read, written or locked for it, and no index of its rows grows.

CREATE TABLE scheduler.retention (
  tenant text NOT NULL,
  content text NOT NULL,
  keep_ms bigint NOT NULL CHECK (keep_ms > 0),
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant, content)
);

-- A row is a hold in force; the ledger remembers the lifted ones.
CREATE TABLE scheduler.legal_holds (
  hold_id text PRIMARY KEY,
  tenant text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('job', 'run', 'agent', 'window')),
  target text,
  from_at timestamptz,
  until_at timestamptz,
  reason text NOT NULL,
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK ((kind = 'window') = (target IS NULL)),
  CHECK ((kind = 'window') = (from_at IS NOT NULL AND until_at IS NOT NULL))
);
CREATE INDEX legal_holds_listed ON scheduler.legal_holds (tenant, set_at);

CREATE TABLE scheduler.erasures (
  erasure_id uuid PRIMARY KEY,
  tenant text NOT NULL,
  job_id text,
  subject text,
  reason text NOT NULL,
  asked_by text NOT NULL,
  asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- How far the tenant's jobs were looked at, oldest first, and whether that was all.
  looked_to timestamptz NOT NULL DEFAULT '-infinity',
  looked_job text NOT NULL DEFAULT '',
  listed boolean NOT NULL,
  found integer NOT NULL DEFAULT 0,
  refused integer NOT NULL DEFAULT 0,
  held_by text,
  CHECK ((job_id IS NULL) <> (subject IS NULL))
);
CREATE INDEX erasures_listed ON scheduler.erasures (tenant, asked_at DESC);
CREATE INDEX erasures_open ON scheduler.erasures (asked_at) WHERE NOT listed;

-- What is to be erased once somebody has looked at it again: under retention, or because somebody asked for it.
CREATE TABLE scheduler.erasable (
  tenant text NOT NULL,
  job_id text NOT NULL,
  content text NOT NULL,
  erasure_id uuid REFERENCES scheduler.erasures,
  look_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant, job_id, content)
);
CREATE INDEX erasable_look ON scheduler.erasable (content, look_at);
CREATE INDEX erasable_asked ON scheduler.erasable (erasure_id) WHERE erasure_id IS NOT NULL;

-- Up to where a tenant's jobs were put on the list, oldest first.
CREATE TABLE scheduler.retention_cursors (
  tenant text NOT NULL,
  content text NOT NULL,
  looked_to timestamptz NOT NULL,
  looked_job text NOT NULL,
  PRIMARY KEY (tenant, content)
);

ALTER TABLE scheduler.contexts ADD COLUMN erased_at timestamptz;

GRANT SELECT, INSERT, UPDATE ON scheduler.retention, scheduler.erasures, scheduler.retention_cursors TO countersign_scheduler;
GRANT SELECT, INSERT, DELETE ON scheduler.legal_holds TO countersign_scheduler;
GRANT SELECT, INSERT, UPDATE ON scheduler.erasable TO countersign_scheduler;
GRANT DELETE ON scheduler.offers TO countersign_scheduler;
GRANT SELECT ON scheduler.retention, scheduler.legal_holds TO countersign_owner;
GRANT SELECT, UPDATE ON scheduler.erasures TO countersign_owner;
GRANT SELECT, UPDATE, DELETE ON scheduler.erasable TO countersign_owner;

-- Whose job it is: who asked for it, and everybody on whose behalf it was done (`carla desk-bot/olivia`, owners aside).
CREATE FUNCTION scheduler.is_of(actor text, on_behalf_of text, subject text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT actor = subject OR EXISTS (
    SELECT FROM unnest(string_to_array(on_behalf_of, ' ')) AS l (link) WHERE split_part(l.link, '/', 1) = subject)
$$;

-- The first hold that keeps what belongs to this job, or null.
CREATE FUNCTION scheduler.held_by(of_tenant text, of_job text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT h.hold_id FROM scheduler.legal_holds h JOIN scheduler.jobs j ON j.tenant = h.tenant AND j.job_id = of_job
   WHERE h.tenant = of_tenant AND CASE h.kind
     WHEN 'job' THEN h.target = j.job_id
     WHEN 'run' THEN h.target = j.labels::jsonb ->> 'run'
     WHEN 'agent' THEN scheduler.is_of(j.actor, j.on_behalf_of, h.target)
     ELSE j.created_at <= h.until_at AND j.updated_at >= h.from_at END
   ORDER BY h.set_at, h.hold_id LIMIT 1
$$;

-- Whoever sets a hold takes the lock exclusively, whoever erases shares it: what a hold keeps that has returned is not erased.
-- Asked before whatever else is locked, or three could wait for each other.
CREATE FUNCTION scheduler.kept_by(of_tenant text, of_job text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(1279607886, 0);
  RETURN scheduler.held_by(of_tenant, of_job);
END $$;

-- Takes rows off the list for whoever erases them in this transaction. The others stay on it: of a job that has not ended, or
-- whose time is not over, and what a hold keeps, which an erasure that somebody asked for is then refused for.
CREATE FUNCTION scheduler.take_erasable(contents text[], default_keep_ms bigint, max_rows int)
RETURNS TABLE (tenant text, job_id text, content text, erasure_id uuid, asked_by text, reason text, keep_ms bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
  PERFORM pg_advisory_xact_lock_shared(1279607886, 0);
  -- A statement of its own: its snapshot is taken after the lock was given.
  RETURN QUERY
  WITH due AS MATERIALIZED (
    SELECT e.tenant, e.job_id, e.content, e.erasure_id FROM scheduler.erasable e
     WHERE e.content = ANY (contents) AND e.look_at <= now()
     ORDER BY e.look_at LIMIT max_rows FOR UPDATE SKIP LOCKED
  ), judged AS MATERIALIZED (
    SELECT d.*, k.keep_ms, j.updated_at + k.keep_ms * interval '1 millisecond' AS ends_at,
           scheduler.held_by(d.tenant, d.job_id) AS held_by,
           j.state IN ('parked', 'held', 'cleared', 'dispatched', 'running') AS open
      FROM due d
     CROSS JOIN LATERAL (SELECT state, updated_at FROM scheduler.jobs
                          WHERE tenant = d.tenant AND job_id = d.job_id OFFSET 0) j
     CROSS JOIN LATERAL (SELECT coalesce((SELECT r.keep_ms FROM scheduler.retention r
                          WHERE r.tenant = d.tenant AND r.content = d.content), default_keep_ms) AS keep_ms) k
  ), found AS MATERIALIZED (
    SELECT u.*, NOT u.open AND u.held_by IS NULL AND (u.erasure_id IS NOT NULL OR u.ends_at <= clock_timestamp()) AS over
      FROM judged u
  ), stay AS (
    UPDATE scheduler.erasable e
       SET look_at = CASE WHEN f.open THEN clock_timestamp() + interval '1 hour'
                          WHEN f.held_by IS NULL THEN least(f.ends_at, clock_timestamp() + interval '1 day')
                          ELSE clock_timestamp() + interval '1 day' END,
           erasure_id = CASE WHEN f.open THEN f.erasure_id END
      FROM found f WHERE NOT f.over AND e.tenant = f.tenant AND e.job_id = f.job_id AND e.content = f.content
  ), refused AS (
    UPDATE scheduler.erasures x SET refused = x.refused + n.contents, held_by = n.held_by
      FROM (SELECT f.erasure_id, count(*)::int AS contents, max(f.held_by) AS held_by FROM found f
             WHERE NOT f.open AND f.held_by IS NOT NULL AND f.erasure_id IS NOT NULL GROUP BY f.erasure_id) n
     WHERE x.erasure_id = n.erasure_id
  ), gone AS (
    DELETE FROM scheduler.erasable e USING found f
     WHERE f.over AND e.tenant = f.tenant AND e.job_id = f.job_id AND e.content = f.content
    RETURNING f.tenant, f.job_id, f.content, f.erasure_id, f.keep_ms
  )
  SELECT g.tenant, g.job_id, g.content, g.erasure_id, x.asked_by, x.reason, g.keep_ms
    FROM gone g LEFT JOIN scheduler.erasures x ON x.erasure_id = g.erasure_id;
END $$;

ALTER FUNCTION scheduler.is_of(text, text, text) OWNER TO countersign_owner;
ALTER FUNCTION scheduler.held_by(text, text) OWNER TO countersign_owner;
ALTER FUNCTION scheduler.kept_by(text, text) OWNER TO countersign_owner;
ALTER FUNCTION scheduler.take_erasable(text[], bigint, int) OWNER TO countersign_owner;
REVOKE ALL ON FUNCTION scheduler.is_of(text, text, text), scheduler.held_by(text, text), scheduler.kept_by(text, text),
  scheduler.take_erasable(text[], bigint, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION scheduler.is_of(text, text, text) TO countersign_scheduler;
GRANT EXECUTE ON FUNCTION scheduler.kept_by(text, text) TO countersign_scheduler, countersign_output_safety;
GRANT EXECUTE ON FUNCTION scheduler.take_erasable(text[], bigint, int)
  TO countersign_scheduler, countersign_approval, countersign_output_safety;
