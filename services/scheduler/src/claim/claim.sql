-- Revision 3. The claim.

-- Grants attempts to workers: the attempt is the current one and nobody's, its pool runs fewer than it may, nobody in the chain
-- behind it is revoked, no ceiling has changed since the dispatch, and what it was sent under still stands. Answers only for
-- those granted; every other claim has to be looked at. What was dispatched by a grant is judged on the careful path, under the
-- grant's lock, and so is a bound of one worker; what has none of these reads nothing more. `templates` are the entries, with
-- holes for scheduler.facts. Two items never name the same attempt.
-- Only pools are locked before it is judged: the updates ask again for what may have changed, and lock. A job that moved meanwhile
-- is not granted; where an attempt did, the whole call fails, and all of them have to be looked at.
CREATE OR REPLACE FUNCTION scheduler.claim(ids uuid[], pools text[], workers text[], claims uuid[], templates text[])
RETURNS TABLE (place int, tenant text, job_id text, attempt int, timeout_ms int, max_output_bytes int)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  held boolean := control.hold_gate() IS NULL;
  names constant text[] := ARRAY(SELECT DISTINCT p FROM unnest(pools) AS p ORDER BY 1);
  name text;
  used bigint[];
  granted int[];
  free boolean;
  tenants text[];
  jobs text[];
  attempts int[];
  timeouts int[];
  bounds int[];
  chains text[];
  owners text[];
  topics text[];
  bodies text[];
BEGIN
  FOREACH name IN ARRAY names LOOP
    held := pg_advisory_xact_lock(hashtextextended('countersign.claim.' || name, 0)) IS NULL;
  END LOOP;
  -- A statement of its own: it sees what committed before the lock was given.
  used := ARRAY(
    SELECT (SELECT count(*) FROM scheduler.attempts a WHERE a.under_way AND a.pool = n.name AND a.state = 'running')
      FROM unnest(names) WITH ORDINALITY AS n (name, place) ORDER BY n.place);
  free := NOT EXISTS (SELECT FROM control.switches);
  granted := ARRAY(
    SELECT t.place FROM (
      SELECT c.place, a.pool_concurrency, array_position(names, c.pool) AS at,
             row_number() OVER (PARTITION BY c.pool ORDER BY c.place) AS turn
        FROM unnest(ids, pools, workers) WITH ORDINALITY AS c (id, pool, worker, place)
       CROSS JOIN LATERAL (SELECT * FROM scheduler.attempts WHERE dispatch_id = c.id OFFSET 0) a
       CROSS JOIN LATERAL (SELECT * FROM scheduler.jobs WHERE tenant = a.tenant AND job_id = a.job_id OFFSET 0) j
       WHERE a.pool = c.pool AND a.state = 'dispatched' AND j.state = 'dispatched' AND j.attempt = a.attempt
         AND a.worker_concurrency IS NULL
         AND a.policy_epoch = (SELECT p.epoch FROM control.policies p WHERE p.scope IN (a.tenant, '*')
                                ORDER BY p.scope = '*' LIMIT 1)
         AND NOT EXISTS (SELECT FROM control.revocations r
                          WHERE r.subject IN (j.actor, 'worker:' || c.pool || '/' || c.worker) OFFSET 0)
         AND (j.on_behalf_of IS NULL OR scheduler.chain_stands(j.on_behalf_of))
         AND (a.approval_id IS NULL OR NOT EXISTS (
           SELECT FROM approval.approvals p WHERE p.approval_id = a.approval_id AND p.by_grant IS NOT NULL OFFSET 0))
         AND NOT EXISTS (SELECT FROM control.ceilings l
                          WHERE l.agent = j.actor AND l.changed_at > a.dispatched_at OFFSET 0)
         AND (free OR control.unstopped(a.tenant, j.topic, j.capability, a.pool, j.actor))) t
     WHERE t.turn <= t.pool_concurrency - used[t.at]);
  IF cardinality(granted) = 0 THEN RETURN; END IF;

  WITH moved AS (
    UPDATE scheduler.jobs j SET state = 'running', reason = NULL, runs = j.runs + 1, updated_at = clock_timestamp()
      FROM (SELECT g.place, a.* FROM unnest(granted) AS g (place)
             CROSS JOIN LATERAL (SELECT tenant, job_id, attempt FROM scheduler.attempts WHERE dispatch_id = ids[g.place] OFFSET 0) a
             ORDER BY a.tenant, a.job_id) n
     CROSS JOIN LATERAL (SELECT ctid FROM scheduler.jobs WHERE tenant = n.tenant AND job_id = n.job_id OFFSET 0) at
     WHERE j.ctid = at.ctid AND j.state = 'dispatched' AND j.attempt = n.attempt
    RETURNING n.place, j.tenant, j.job_id, j.topic, scheduler.fill(templates[n.place], scheduler.facts(j)) AS body)
  SELECT array_agg(m.place), array_agg('job:' || m.tenant || ':' || m.job_id), array_agg(m.tenant), array_agg(m.topic),
         array_agg(m.body)
    INTO granted, chains, owners, topics, bodies FROM moved m;
  IF granted IS NULL THEN RETURN; END IF;

  WITH running AS (
    UPDATE scheduler.attempts a
       SET state = 'running', worker = workers[g.place], claim_id = claims[g.place], claimed_at = clock_timestamp(),
           run_until = clock_timestamp() + a.timeout_ms * interval '1 millisecond',
           due_at = clock_timestamp() + interval '15 seconds'
      FROM (SELECT u.place, ids[u.place] AS id FROM unnest(granted) AS u (place) ORDER BY 2) g
     CROSS JOIN LATERAL (SELECT ctid FROM scheduler.attempts WHERE dispatch_id = g.id OFFSET 0) at
     WHERE a.ctid = at.ctid AND a.state = 'dispatched'
    RETURNING g.place, a.tenant, a.job_id, a.attempt, a.timeout_ms, a.max_output_bytes)
  SELECT array_agg(r.place), array_agg(r.tenant), array_agg(r.job_id), array_agg(r.attempt), array_agg(r.timeout_ms),
         array_agg(r.max_output_bytes)
    INTO granted, tenants, jobs, attempts, timeouts, bounds FROM running r;
  IF cardinality(granted) IS DISTINCT FROM cardinality(chains) THEN
    RAISE EXCEPTION 'an attempt moved meanwhile' USING ERRCODE = 'serialization_failure';
  END IF;
  held := ledger.append(chains, array_fill('job_running'::text, ARRAY[cardinality(chains)]), owners, topics, bodies) IS NULL;
  RETURN QUERY SELECT * FROM unnest(granted, tenants, jobs, attempts, timeouts, bounds);
END $$;
