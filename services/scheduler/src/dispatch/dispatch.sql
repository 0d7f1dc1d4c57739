-- Revision 1. The dispatch of what waited, and how full pools are.

-- Sends cleared jobs that were decided under control's revision `known`. Null when the revision is another; else for each
-- item `sent`, `full` (its pool has no room), or `look` (somebody else has it, it is not as it was picked, its approval is
-- worth nothing). An approval is redeemed here, in the same statement, or not at all.
CREATE OR REPLACE FUNCTION scheduler.dispatch(known bigint, items jsonb, bodies text[]) RETURNS text[]
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  pools text[];
  used bigint[];
  found int[];
  fitting int[];
  sent int[];
BEGIN
  IF control.gate_since(known) IS NOT NULL THEN RETURN NULL; END IF;

  found := ARRAY(
    SELECT k.place FROM (
      SELECT n.* FROM ROWS FROM (jsonb_to_recordset(items) AS (tenant text, job_id text, attempt int, approval_id uuid))
             WITH ORDINALITY AS n (tenant, job_id, attempt, approval_id, place) ORDER BY n.tenant, n.job_id) k
     CROSS JOIN LATERAL (
       SELECT j.state, j.attempt, j.approval_id FROM scheduler.jobs j
        WHERE j.tenant = k.tenant AND j.job_id = k.job_id FOR UPDATE SKIP LOCKED) l
     WHERE l.state = 'cleared' AND l.attempt = k.attempt AND l.approval_id IS NOT DISTINCT FROM k.approval_id);

  pools := ARRAY(SELECT DISTINCT n.pool FROM ROWS FROM (jsonb_to_recordset(items) AS (pool text))
                   WITH ORDINALITY AS n (pool, place) WHERE n.place = ANY (found) ORDER BY 1);
  used := scheduler.in_flight(pools);
  fitting := ARRAY(
    SELECT t.place FROM (
      SELECT n.place, n.room, array_position(pools, n.pool) AS at,
             row_number() OVER (PARTITION BY n.pool ORDER BY n.place) AS turn
        FROM ROWS FROM (jsonb_to_recordset(items) AS (pool text, room int))
             WITH ORDINALITY AS n (pool, room, place)
       WHERE n.place = ANY (found)) t
     WHERE t.turn <= t.room - used[t.at]);
  -- In the order of the keys, because redeeming locks the approval.
  sent := ARRAY(
    SELECT k.place FROM (
      SELECT n.* FROM ROWS FROM (jsonb_to_recordset(items) AS (tenant text, job_id text, approval_id uuid, redeems boolean,
               job_hash text, effective_digest text, policy_snapshot text, policy_epoch bigint)) WITH ORDINALITY
             AS n (tenant, job_id, approval_id, redeems, job_hash, effective_digest, policy_snapshot, policy_epoch, place)
       WHERE n.place = ANY (fitting) ORDER BY n.tenant, n.job_id OFFSET 0) k
     WHERE NOT k.redeems OR approval.redeem(k.tenant, k.job_id, k.approval_id, k.job_hash, k.effective_digest,
                                            k.policy_snapshot, k.policy_epoch) = 'ok');

  IF cardinality(sent) > 0 THEN
    UPDATE scheduler.jobs j
       SET state = 'dispatched', reason = NULL, decision = n.decision, rule_id = n.rule_id,
           policy_version = n.policy_version, policy_snapshot = n.policy_snapshot, policy_epoch = n.policy_epoch,
           attempt = n.attempt + 1, pool = n.pool, updated_at = clock_timestamp()
      FROM ROWS FROM (jsonb_to_recordset(items) AS (tenant text, job_id text, attempt int, pool text, decision text,
             rule_id text, policy_version bigint, policy_snapshot text, policy_epoch bigint)) WITH ORDINALITY
           AS n (tenant, job_id, attempt, pool, decision, rule_id, policy_version, policy_snapshot, policy_epoch, place)
     CROSS JOIN LATERAL (SELECT ctid FROM scheduler.jobs WHERE tenant = n.tenant AND job_id = n.job_id OFFSET 0) at
     WHERE n.place = ANY (sent) AND j.ctid = at.ctid;

    INSERT INTO scheduler.attempts (dispatch_id, tenant, job_id, attempt, pool, state, decision_id, approval_id,
           policy_snapshot, policy_epoch, effective_digest, payload_digest, timeout_ms, max_attempts, max_output_bytes,
           pool_concurrency, due_at)
    SELECT n.dispatch_id, n.tenant, n.job_id, n.attempt + 1, n.pool, 'dispatched', n.decision_id,
           CASE WHEN n.redeems THEN n.approval_id END, n.policy_snapshot, n.policy_epoch, n.effective_digest,
           n.payload_digest, n.timeout_ms, n.max_attempts, n.max_output_bytes, n.pool_concurrency,
           least(clock_timestamp() + interval '5 seconds', j.deadline_at)
      FROM ROWS FROM (jsonb_to_recordset(items) AS (dispatch_id uuid, tenant text, job_id text, attempt int, pool text,
             decision_id uuid, approval_id uuid, redeems boolean, policy_snapshot text, policy_epoch bigint,
             effective_digest text, payload_digest text, timeout_ms int, max_attempts int, max_output_bytes int,
             pool_concurrency int)) WITH ORDINALITY
           AS n (dispatch_id, tenant, job_id, attempt, pool, decision_id, approval_id, redeems, policy_snapshot,
             policy_epoch, effective_digest, payload_digest, timeout_ms, max_attempts, max_output_bytes,
             pool_concurrency, place)
     CROSS JOIN LATERAL (SELECT deadline_at FROM scheduler.jobs WHERE tenant = n.tenant AND job_id = n.job_id OFFSET 0) j
     WHERE n.place = ANY (sent);

    PERFORM ledger.append(array_agg('job:' || n.tenant || ':' || n.job_id), array_agg('job_dispatched'::text),
              array_agg(n.tenant), array_agg(n.topic), array_agg(bodies[n.place]))
      FROM ROWS FROM (jsonb_to_recordset(items) AS (tenant text, job_id text, topic text))
           WITH ORDINALITY AS n (tenant, job_id, topic, place)
     WHERE n.place = ANY (sent);
  END IF;

  RETURN ARRAY(
    SELECT CASE WHEN place = ANY (sent) THEN 'sent' WHEN place = ANY (found) AND place <> ALL (fitting) THEN 'full'
                ELSE 'look' END
      FROM generate_series(1, jsonb_array_length(items)) AS place ORDER BY place);
END $$;

-- Attempts sent or running, of each of these pools. Under the pools' locks, so that two steps never count the same slot.
CREATE OR REPLACE FUNCTION scheduler.in_flight(pools text[]) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('countersign.pool.' || p.pool, 0)) FROM unnest(pools) AS p (pool);
  -- A statement of its own: it sees what committed before the lock was given.
  RETURN ARRAY(
    SELECT (SELECT count(*) FROM scheduler.attempts a WHERE a.under_way AND a.pool = p.pool AND a.state IN ('dispatched', 'running'))
      FROM unnest(pools) WITH ORDINALITY AS p (pool, place) ORDER BY p.place);
END $$;
