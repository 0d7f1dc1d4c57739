-- Revision 4. Screening and end of what succeeded, and the fence of everything else.

-- Stores the screened outputs of attempts that succeeded and ends their jobs: the attempt is the current one, as the result
-- says, in time; nobody of worker, actor and the chain behind it is revoked; it changed no more than it may; and what it was
-- screened and will be released under still stands. For each item `ended`, `waited_for` (likewise, and jobs wait for the slot
-- that it leaves), or `look`: nothing was written. `screened` and `ended` are the entries, with holes for scheduler.facts; the second is recorded as the scheduler's,
-- through whoever calls. Two items never name the same attempt.
-- Nothing is locked before it is judged: the updates ask again for what may have changed, and lock. A job that moved meanwhile has
-- to be looked at; where an attempt did, or a result is there, the whole call fails, and all of them have to be looked at.
CREATE OR REPLACE FUNCTION scheduler.finish(items jsonb, screened text[], ended text[]) RETURNS text[]
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  held boolean := control.hold_gate() IS NULL;
  free boolean;
  ids uuid[];
  tenants text[];
  jobs text[];
  pools text[];
  attempts int[];
  standing int[];
  chains text[];
  owners text[];
  topics text[];
  first_bodies text[];
  second_bodies text[];
  closed int;
BEGIN
  SELECT array_agg(n.dispatch_id), array_agg(n.tenant), array_agg(n.job_id), array_agg(n.pool), array_agg(n.attempt)
    INTO ids, tenants, jobs, pools, attempts
    FROM jsonb_to_recordset(items) AS n (dispatch_id uuid, tenant text, job_id text, pool text, attempt int);
  free := NOT EXISTS (SELECT FROM control.switches);
  standing := ARRAY(
    SELECT n.place FROM ROWS FROM (jsonb_to_recordset(items) AS (dispatch_id uuid, tenant text, job_id text, topic text,
             attempt int, pool text, worker text, claim_id uuid, capability text, any_capability boolean, bytes int,
             affected bigint, policy_epoch bigint, output_decision text)) WITH ORDINALITY
           AS n (dispatch_id, tenant, job_id, topic, attempt, pool, worker, claim_id, capability, any_capability, bytes,
             affected, policy_epoch, output_decision, place)
     CROSS JOIN LATERAL (SELECT * FROM scheduler.attempts WHERE dispatch_id = n.dispatch_id OFFSET 0) a
     CROSS JOIN LATERAL (SELECT * FROM scheduler.jobs WHERE tenant = a.tenant AND job_id = a.job_id OFFSET 0) j
     WHERE a.tenant = n.tenant AND a.job_id = n.job_id AND j.topic = n.topic AND a.attempt = n.attempt
       AND a.pool = n.pool AND a.worker = n.worker AND a.claim_id = n.claim_id
       AND a.state IN ('running', 'reported') AND a.due_at > clock_timestamp()
       AND j.state = 'running' AND j.attempt = a.attempt AND n.output_decision IN ('allow', 'redact')
       AND n.bytes <= a.max_output_bytes AND (a.max_affected IS NULL OR n.affected <= a.max_affected)
       AND (n.any_capability OR j.capability IS NOT DISTINCT FROM n.capability)
       AND n.policy_epoch = (SELECT p.epoch FROM control.policies p WHERE p.scope IN (a.tenant, '*')
                              ORDER BY p.scope = '*' LIMIT 1)
       AND NOT EXISTS (SELECT FROM control.revocations r
                        WHERE r.subject IN (j.actor, 'worker:' || a.pool || '/' || a.worker) OFFSET 0)
       AND (j.on_behalf_of IS NULL OR scheduler.chain_stands(j.on_behalf_of))
       AND (free OR control.unstopped(a.tenant, j.topic, j.capability, a.pool, j.actor)));

  IF cardinality(standing) > 0 THEN
    WITH moved AS (
      UPDATE scheduler.jobs j SET state = 'succeeded', result_dispatch_id = n.id, updated_at = clock_timestamp()
        FROM (SELECT u.* FROM unnest(ids, tenants, jobs, attempts) WITH ORDINALITY AS u (id, tenant, job_id, attempt, place)
               WHERE u.place = ANY (standing) ORDER BY u.tenant, u.job_id) n
       CROSS JOIN LATERAL (SELECT ctid FROM scheduler.jobs WHERE tenant = n.tenant AND job_id = n.job_id OFFSET 0) at
       WHERE j.ctid = at.ctid AND j.state = 'running' AND j.attempt = n.attempt
      RETURNING n.place, j.tenant, 'job:' || j.tenant || ':' || j.job_id AS chain, j.topic, scheduler.facts(j) AS facts)
    SELECT coalesce(array_agg(m.place), '{}'), array_agg(m.chain), array_agg(m.tenant), array_agg(m.topic),
           array_agg(scheduler.fill(screened[m.place], m.facts)), array_agg(scheduler.fill(ended[m.place], m.facts))
      INTO standing, chains, owners, topics, first_bodies, second_bodies FROM moved m;
  END IF;

  IF cardinality(standing) > 0 THEN
    UPDATE scheduler.attempts a SET state = 'ended'
      FROM (SELECT ids[s.place] AS id FROM unnest(standing) AS s (place) ORDER BY 1) s
     CROSS JOIN LATERAL (SELECT ctid FROM scheduler.attempts WHERE dispatch_id = s.id OFFSET 0) at
     WHERE a.ctid = at.ctid AND a.state IN ('running', 'reported') AND a.due_at > clock_timestamp();
    GET DIAGNOSTICS closed = ROW_COUNT;
    IF closed <> cardinality(standing) THEN
      RAISE EXCEPTION 'an attempt moved meanwhile' USING ERRCODE = 'serialization_failure';
    END IF;
    INSERT INTO output.results (dispatch_id, tenant, job_id, attempt, pool, worker, status, retryable, output_decision,
           rule_id, reason, policy_version, policy_snapshot, policy_epoch, findings, output_digest, salt, content,
           sealed, seal_key_id, duration_ms, traceparent)
    SELECT n.dispatch_id, n.tenant, n.job_id, n.attempt, n.pool, n.worker, 'succeeded', n.retryable, n.output_decision,
           n.rule_id, n.reason, n.policy_version, n.policy_snapshot, n.policy_epoch, n.findings, n.output_digest, n.salt,
           n.content, n.sealed, n.seal_key_id, n.duration_ms, j.traceparent
      FROM ROWS FROM (jsonb_to_recordset(items) AS (dispatch_id uuid, tenant text, job_id text, attempt int, pool text,
             worker text, retryable boolean, output_decision text, rule_id text, reason text, policy_version bigint,
             policy_snapshot text, policy_epoch bigint, findings jsonb, output_digest text, salt text, content text,
             sealed bytea, seal_key_id text, duration_ms bigint)) WITH ORDINALITY
           AS n (dispatch_id, tenant, job_id, attempt, pool, worker, retryable, output_decision, rule_id, reason,
             policy_version, policy_snapshot, policy_epoch, findings, output_digest, salt, content, sealed,
             seal_key_id, duration_ms, place)
     CROSS JOIN LATERAL (SELECT traceparent FROM scheduler.jobs WHERE tenant = n.tenant AND job_id = n.job_id OFFSET 0) j
     WHERE n.place = ANY (standing)
     ORDER BY n.dispatch_id;
    SELECT ledger.append_as(array_agg(e.writer), array_agg(e.chain), array_agg(e.kind), array_agg(e.tenant),
                            array_agg(e.topic), array_agg(e.body)) IS NULL
      INTO held
      FROM (SELECT e.writer, m.chain, e.kind, m.tenant, m.topic, e.body
              FROM unnest(chains, owners, topics, first_bodies, second_bodies) AS m (chain, tenant, topic, screened, ended)
             CROSS JOIN LATERAL (VALUES ('countersign_output_safety', 'output_screened', m.screened),
                                        ('countersign_scheduler', 'job_succeeded', m.ended)) AS e (writer, kind, body)) e;
  END IF;

  RETURN ARRAY(
    SELECT CASE WHEN n.place <> ALL (standing) THEN 'look'
                WHEN EXISTS (SELECT FROM scheduler.jobs j WHERE j.waiting = 'cleared' AND j.pool = n.pool) THEN 'waited_for'
                ELSE 'ended' END
      FROM unnest(pools) WITH ORDINALITY AS n (pool, place) ORDER BY n.place);
END $$;

-- Runs inside the screening transaction: locks the attempts so that no sweep can lose one while its result is stored.
CREATE OR REPLACE FUNCTION scheduler.fence(dispatch_ids uuid[])
  RETURNS TABLE (dispatch_id uuid, tenant text, job_id text, topic text, capability text, actor text, auth_method text, owner text,
                 job_hash text, attempt integer, pool text, worker text, claim_id uuid, max_output_bytes integer,
                 traceparent text, acceptable boolean, code text, max_affected integer)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM 1 FROM scheduler.attempts a WHERE a.dispatch_id = ANY (dispatch_ids) ORDER BY a.dispatch_id FOR SHARE;
  RETURN QUERY
    SELECT a.dispatch_id, a.tenant, a.job_id, j.topic, j.capability, j.actor, j.auth_method, j.owner, j.job_hash, a.attempt, a.pool,
           a.worker, a.claim_id, a.max_output_bytes, j.traceparent, v.code IS NULL, v.code, a.max_affected
      FROM scheduler.attempts a
      JOIN scheduler.jobs j ON j.tenant = a.tenant AND j.job_id = a.job_id
      CROSS JOIN LATERAL (SELECT CASE
        WHEN a.state NOT IN ('running', 'reported') OR j.attempt <> a.attempt THEN 'attempt_stale'
        WHEN a.due_at <= clock_timestamp() THEN 'lease_expired'
        WHEN j.state <> 'running' THEN 'attempt_stale'
      END AS code) v
     WHERE a.dispatch_id = ANY (dispatch_ids)
     ORDER BY a.dispatch_id;
END $$;
