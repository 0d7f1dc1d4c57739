-- Revision 1. The admission, and the dispatch of what may go straight through.

-- Admits decided jobs under control's revision `known`, and sends those that may go straight through: `dispatch_id` is
-- set, its pool has room, and nothing that may run waits for that pool. Null when the revision is another; else for each
-- item `admitted`, `sent`, or `exists` when its name or key is taken. `texts` are the rows of scheduler.contexts; `bodies`
-- the entries, `sent_bodies` the second ones. Two items never share a name.
CREATE OR REPLACE FUNCTION scheduler.admit(known bigint, items jsonb, texts jsonb, bodies text[], sent_bodies text[]) RETURNS text[]
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  pools text[];
  used bigint[];
  blocked boolean[];
  sent int[] := '{}';
  fresh text[];
  outcomes text[];
BEGIN
  IF control.gate_since(known) IS NOT NULL THEN RETURN NULL; END IF;

  pools := ARRAY(SELECT DISTINCT n.pool FROM jsonb_to_recordset(items) AS n (pool text, dispatch_id uuid)
                  WHERE n.dispatch_id IS NOT NULL ORDER BY 1);
  IF cardinality(pools) > 0 THEN
    used := scheduler.in_flight(pools);
    blocked := ARRAY(
      SELECT EXISTS (SELECT FROM scheduler.jobs j WHERE j.waiting = 'cleared' AND j.pool = p.pool
                                                    AND j.not_before <= clock_timestamp())
        FROM unnest(pools) WITH ORDINALITY AS p (pool, place) ORDER BY p.place);
    sent := ARRAY(
      SELECT t.place FROM (
        SELECT n.place, n.room, array_position(pools, n.pool) AS at,
               row_number() OVER (PARTITION BY n.pool ORDER BY n.priority DESC, n.place) AS turn
          FROM ROWS FROM (jsonb_to_recordset(items) AS (pool text, dispatch_id uuid, room int, priority int))
               WITH ORDINALITY AS n (pool, dispatch_id, room, priority, place)
         WHERE n.dispatch_id IS NOT NULL) t
       WHERE NOT blocked[t.at] AND t.turn <= t.room - used[t.at]);
  END IF;

  WITH inserted AS (
    INSERT INTO scheduler.jobs (tenant, job_id, topic, capability, labels, actor, auth_method, owner, on_behalf_of, state,
           reason, decision, rule_id, policy_version, policy_snapshot, policy_epoch, job_hash, effective_digest,
           approval_terms, held_seq, pool, priority, deadline_at, idempotency_key, traceparent, attempt)
    SELECT n.tenant, n.job_id, n.topic, n.capability, n.labels, n.actor, n.auth_method, n.owner, n.on_behalf_of,
           CASE WHEN n.place = ANY (sent) THEN 'dispatched' ELSE n.state END, n.reason, n.decision, n.rule_id,
           n.policy_version, n.policy_snapshot, n.policy_epoch, n.job_hash, n.effective_digest, n.approval_terms,
           n.held_seq, n.pool, n.priority, clock_timestamp() + n.deadline_ms * interval '1 millisecond',
           n.idempotency_key, n.traceparent, CASE WHEN n.place = ANY (sent) THEN 1 ELSE 0 END
      FROM ROWS FROM (jsonb_to_recordset(items) AS (tenant text, job_id text, topic text, capability text, labels text,
             actor text, auth_method text, owner text, on_behalf_of text, state text, reason text, decision text,
             rule_id text, policy_version bigint, policy_snapshot text, policy_epoch bigint, job_hash text,
             effective_digest text, approval_terms jsonb, held_seq int, pool text, priority smallint, deadline_ms bigint,
             idempotency_key text, traceparent text)) WITH ORDINALITY
           AS n (tenant, job_id, topic, capability, labels, actor, auth_method, owner, on_behalf_of, state, reason,
             decision, rule_id, policy_version, policy_snapshot, policy_epoch, job_hash, effective_digest, approval_terms,
             held_seq, pool, priority, deadline_ms, idempotency_key, traceparent, place)
     ORDER BY n.tenant, n.job_id
        ON CONFLICT DO NOTHING
    RETURNING tenant, job_id)
  SELECT coalesce(array_agg(i.tenant || '/' || i.job_id), '{}') INTO fresh FROM inserted i;

  INSERT INTO scheduler.contexts (tenant, job_id, request, rewritten, effective, actor, salt, plain_digest, decisions,
         sealed_until, seal)
  SELECT n.tenant, n.job_id, n.request, n.rewritten, n.effective, n.actor, n.salt, n.plain_digest, n.decisions,
         n.sealed_until, n.seal
    FROM jsonb_to_recordset(texts) AS n (tenant text, job_id text, request text, rewritten text, effective text,
           actor text, salt text, plain_digest text, decisions text, sealed_until text, seal text)
   WHERE n.tenant || '/' || n.job_id = ANY (fresh);

  IF cardinality(sent) > 0 THEN
    INSERT INTO scheduler.attempts (dispatch_id, tenant, job_id, attempt, pool, state, decision_id, policy_snapshot,
           policy_epoch, effective_digest, payload_digest, timeout_ms, max_attempts, max_output_bytes, pool_concurrency,
           due_at)
    SELECT n.dispatch_id, n.tenant, n.job_id, 1, n.pool, 'dispatched', n.decision_id, n.policy_snapshot, n.policy_epoch,
           n.effective_digest, n.payload_digest, n.timeout_ms, n.max_attempts, n.max_output_bytes, n.pool_concurrency,
           clock_timestamp() + least(interval '5 seconds', n.deadline_ms * interval '1 millisecond')
      FROM ROWS FROM (jsonb_to_recordset(items) AS (dispatch_id uuid, tenant text, job_id text, pool text,
             decision_id uuid, policy_snapshot text, policy_epoch bigint, effective_digest text, payload_digest text,
             timeout_ms int, max_attempts int, max_output_bytes int, pool_concurrency int, deadline_ms bigint)) WITH ORDINALITY
           AS n (dispatch_id, tenant, job_id, pool, decision_id, policy_snapshot, policy_epoch, effective_digest,
             payload_digest, timeout_ms, max_attempts, max_output_bytes, pool_concurrency, deadline_ms, place)
     WHERE n.place = ANY (sent) AND n.tenant || '/' || n.job_id = ANY (fresh);
  END IF;

  PERFORM ledger.append(array_agg('job:' || e.tenant || ':' || e.job_id ORDER BY e.place, e.step),
            array_agg(e.kind ORDER BY e.place, e.step), array_agg(e.tenant ORDER BY e.place, e.step),
            array_agg(e.topic ORDER BY e.place, e.step), array_agg(e.body ORDER BY e.place, e.step))
    FROM (SELECT n.place, s.step, n.tenant, n.job_id, n.topic,
                 CASE WHEN s.step = 2 THEN 'job_dispatched' WHEN n.state = 'denied' THEN 'job_denied' ELSE 'job_admitted' END
                   AS kind,
                 CASE s.step WHEN 1 THEN bodies[n.place] ELSE sent_bodies[n.place] END AS body
            FROM ROWS FROM (jsonb_to_recordset(items) AS (tenant text, job_id text, topic text, state text))
                 WITH ORDINALITY AS n (tenant, job_id, topic, state, place)
           CROSS JOIN (VALUES (1), (2)) AS s (step)
           WHERE n.tenant || '/' || n.job_id = ANY (fresh) AND (s.step = 1 OR n.place = ANY (sent))) e
   HAVING count(*) > 0;

  RETURN ARRAY(
    SELECT CASE WHEN n.tenant || '/' || n.job_id <> ALL (fresh) THEN 'exists' WHEN n.place = ANY (sent) THEN 'sent'
                ELSE 'admitted' END
      FROM ROWS FROM (jsonb_to_recordset(items) AS (tenant text, job_id text))
           WITH ORDINALITY AS n (tenant, job_id, place) ORDER BY n.place);
END $$;
