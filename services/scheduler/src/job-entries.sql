-- Revision 2. Entries about attempts, and jobs that have ended.

-- What every entry about an attempt repeats of its job, as JSON texts in the order of the names (contracts/job-entry.ts). As an
-- expression of PL/pgSQL it takes half of what it takes as a query.
CREATE OR REPLACE FUNCTION scheduler.facts(job scheduler.jobs) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN ARRAY[to_json(job.actor)::text, job.attempt::text, to_json(job.auth_method)::text, to_json(job.capability)::text,
    to_json(job.job_hash)::text, to_json(job.job_id)::text, to_json(job.owner)::text, to_json(job.tenant)::text,
    to_json(job.topic)::text, to_json(job.traceparent)::text];
END $$;

-- Puts values into a text with holes, each a U+0001, which canonical JSON never holds as it is. Values are JSON texts. One call
-- of `format`: a loop that builds the text piece by piece costs more.
CREATE OR REPLACE FUNCTION scheduler.fill(template text, given text[]) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  holes constant int := octet_length(template) - octet_length(replace(template, E'\x01', ''));
BEGIN
  IF holes <> cardinality(given) THEN
    RAISE EXCEPTION 'a template of % holes for % values', holes, cardinality(given)
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN format(replace(replace(template, '%', '%%'), E'\x01', '%s'), VARIADIC array_replace(given, NULL, 'null'));
END $$;

-- A job that has ended stays as it ended, whoever asks and by whatever statement: the table of transitions holds in code,
-- this holds against code that is wrong and a role that is somebody else's. A trigger's condition may not name a row with
-- generated columns, so the function compares.
CREATE OR REPLACE FUNCTION scheduler.keep_ended() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF OLD IS DISTINCT FROM NEW THEN
    RAISE EXCEPTION 'the job has ended: %', OLD.state USING ERRCODE = 'CS007';
  END IF;
  RETURN NEW;
END $$;
