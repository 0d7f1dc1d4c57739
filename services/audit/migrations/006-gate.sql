-- The gate for steps that are one statement, and for those that are not: who takes it lets go of it by itself.

-- The shared lock of every gate. A session that takes it and then hangs would hold back every stop, activation and
-- revocation: it ends after half a second of silence, and where the server can bound a transaction (17 and later), after
-- two seconds whatever it does, because a statement of which half has arrived is no silence.
CREATE FUNCTION control.hold_gate() RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM set_config('idle_in_transaction_session_timeout', '500', true);
  IF current_setting('transaction_timeout', true) IS NOT NULL THEN
    PERFORM set_config('transaction_timeout', '2000', true);
  END IF;
  PERFORM pg_advisory_xact_lock_shared(1279607881, 0);
END $$;

-- Takes the gate and says whether what the caller judged under still stands: null when nothing changed since revision
-- `known`, else the revision of now. Every policy, stop and revocation moves the revision.
CREATE FUNCTION control.gate_since(known bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  current bigint;
BEGIN
  PERFORM control.hold_gate();
  -- A statement of its own: its snapshot is taken after the lock was given.
  SELECT r.revision INTO STRICT current FROM control.revision r;
  RETURN nullif(current, known);
END $$;

-- KnownControl of the contracts: the state that decides about these tenants and subjects, and its revision, all of one
-- snapshot. Without the lock it tells nothing that a gate may rely on; with its revision a gate can tell.
CREATE FUNCTION control.known(tenants text[], subjects text[]) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object(
    'revision', (SELECT r.revision FROM control.revision r),
    'policies', (
      SELECT coalesce(jsonb_object_agg(t.tenant, jsonb_build_object(
        'scope', p.scope, 'version', p.version, 'snapshot', p.snapshot, 'epoch', p.epoch)), '{}')
      FROM (SELECT DISTINCT u.tenant FROM unnest(tenants) AS u (tenant)) AS t
      CROSS JOIN LATERAL (
        SELECT * FROM control.policies c WHERE c.scope IN (t.tenant, '*') ORDER BY c.scope = '*' LIMIT 1
      ) AS p),
    'switches', (
      SELECT coalesce(jsonb_agg(jsonb_build_object(
        'switch_id', s.switch_id, 'kind', s.kind, 'target', s.target, 'tenant', s.tenant, 'reason', s.reason)
        ORDER BY s.switch_id), '[]')
      FROM control.switches s WHERE s.tenant IS NULL OR s.tenant = ANY (tenants)),
    'revoked', (
      SELECT coalesce(jsonb_agg(r.subject ORDER BY r.subject), '[]')
      FROM control.revocations r WHERE r.subject = ANY (subjects)))
$$;

-- The same under the shared lock. It may follow statements that read nothing of `control`.
CREATE OR REPLACE FUNCTION control.gate(tenants text[], subjects text[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM control.hold_gate();
  -- A statement of its own: its snapshot is taken after the lock was given.
  RETURN control.known(tenants, subjects);
END $$;

-- Under the gate: whether a step that was decided under this epoch may go on without another look. False as soon as the
-- active policy is another one, the actor is revoked, or a stop is in force that could mean this job; what a pattern
-- says exactly, and what follows, is judged where every gate judges it (contracts/control.ts).
CREATE FUNCTION control.stands(tenant text, epoch bigint, topic text, capability text, pool text, actor text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce((SELECT c.epoch FROM control.policies c WHERE c.scope IN (stands.tenant, '*')
                   ORDER BY c.scope = '*' LIMIT 1) = stands.epoch, false)
    AND NOT EXISTS (SELECT FROM control.revocations r WHERE r.subject = stands.actor)
    AND NOT EXISTS (
      SELECT FROM control.switches s
      WHERE (s.tenant IS NULL OR s.tenant = stands.tenant)
        AND CASE s.kind
          WHEN 'tenant' THEN s.target = stands.tenant
          WHEN 'pool' THEN s.target = stands.pool
          WHEN 'agent' THEN s.target = stands.actor
          WHEN 'topic' THEN starts_with(stands.topic, split_part(s.target, '*', 1))
          WHEN 'capability' THEN starts_with(stands.capability, split_part(s.target, '*', 1))
          ELSE true
        END)
$$;

-- Appends entries, each recorded by its own writer, in array order. Nobody calls it but the functions below.
CREATE FUNCTION ledger.write(
  writers text[], chains text[], kinds text[], tenants text[], topics text[], bodies text[]
) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- utf8('countersign/ledger-entry/v1') and a zero byte.
  domain constant bytea := convert_to('countersign/ledger-entry/v1', 'UTF8') || '\x00'::bytea;
  no_previous constant bytea := decode(repeat('00', 32), 'hex');
  wanted constant int := cardinality(chains);
  turns int[];
  last_turn int;
  now_us bigint;
BEGIN
  IF wanted = 0 THEN RETURN; END IF;
  IF cardinality(writers) IS DISTINCT FROM wanted OR cardinality(kinds) IS DISTINCT FROM wanted
     OR cardinality(tenants) IS DISTINCT FROM wanted OR cardinality(topics) IS DISTINCT FROM wanted
     OR cardinality(bodies) IS DISTINCT FROM wanted THEN
    RAISE EXCEPTION 'the arrays differ in length' USING ERRCODE = 'invalid_parameter_value';
  END IF;

  -- One lock per chain, in the order of the lock's key, so that two calls never wait for each other. Two chains that
  -- share a key only wait without need.
  PERFORM pg_advisory_xact_lock(1279607879, k.key)
    FROM (SELECT DISTINCT hashtext(c.chain) AS key FROM unnest(chains) AS c (chain) ORDER BY 1) AS k;
  now_us := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;

  -- Turn n stores the n-th entry of every chain. Each statement takes a new snapshot, so it sees what others committed
  -- before the lock was given and what the turn before stored.
  IF wanted = 1 THEN
    turns := '{1}';
    last_turn := 1;
  ELSE
    SELECT array_agg(t.turn ORDER BY t.place), max(t.turn) INTO turns, last_turn
      FROM (SELECT u.place, row_number() OVER (PARTITION BY u.chain ORDER BY u.place)::int AS turn
              FROM unnest(chains) WITH ORDINALITY AS u (chain, place)) AS t;
  END IF;
  FOR round IN 1 .. last_turn LOOP
    INSERT INTO ledger.entries (chain, seq, kind, recorded_by, tenant, topic, time_us, body, prev_hash, hash)
    SELECT n.chain, n.seq, n.kind, n.writer, n.tenant, n.topic, n.time_us, n.body, n.prev_hash,
           sha256(domain || n.prev_hash
             || int4send(octet_length(n.chain_utf8)) || n.chain_utf8
             || int4send(octet_length(n.kind_utf8)) || n.kind_utf8
             || int4send(octet_length(n.writer_utf8)) || n.writer_utf8
             || int8send(n.seq) || int8send(n.time_us) || convert_to(n.body, 'UTF8'))
    FROM (
      SELECT i.writer, i.chain, i.kind, i.tenant, i.topic, i.body, convert_to(i.writer, 'UTF8') AS writer_utf8,
             convert_to(i.chain, 'UTF8') AS chain_utf8, convert_to(i.kind, 'UTF8') AS kind_utf8,
             coalesce(p.seq, 0) + 1 AS seq, greatest(now_us, p.time_us) AS time_us,
             coalesce(p.hash, no_previous) AS prev_hash
      FROM unnest(writers, chains, kinds, tenants, topics, bodies, turns)
             AS i (writer, chain, kind, tenant, topic, body, turn)
      LEFT JOIN LATERAL (
        SELECT e.seq, e.time_us, e.hash FROM ledger.entries e WHERE e.chain = i.chain ORDER BY e.seq DESC LIMIT 1
      ) AS p ON true
      WHERE i.turn = round
      OFFSET 0
    ) AS n;
  END LOOP;
END $$;

-- As before (001), and by the same rules.
CREATE OR REPLACE FUNCTION ledger.append(chains text[], kinds text[], tenants text[], topics text[], bodies text[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT kinds <@ ARRAY(SELECT k.kind FROM ledger.kinds k WHERE k.writer = session_user) THEN
    RAISE EXCEPTION '% may not record one of these kinds', session_user USING ERRCODE = 'insufficient_privilege';
  END IF;
  PERFORM ledger.write(array_fill(session_user::text, ARRAY[cardinality(chains)]), chains, kinds, tenants, topics, bodies);
END $$;

-- For the owner's functions alone: a step that two services take in one statement records what each of them says under
-- its own name. Who called stands in the body of what another is said to have recorded, and so in the hash.
CREATE FUNCTION ledger.append_as(
  writers text[], chains text[], kinds text[], tenants text[], topics text[], bodies text[]
) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM unnest(writers, kinds) AS w (writer, kind)
             WHERE NOT EXISTS (SELECT FROM ledger.kinds k WHERE k.kind = w.kind AND k.writer = w.writer)) THEN
    RAISE EXCEPTION 'a writer may not record one of these kinds' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF EXISTS (SELECT FROM unnest(writers, bodies) AS w (writer, body)
             WHERE w.writer <> session_user AND w.body::jsonb ->> 'via' IS DISTINCT FROM session_user::text) THEN
    RAISE EXCEPTION 'an entry for another writer must say through whom' USING ERRCODE = 'insufficient_privilege';
  END IF;
  PERFORM ledger.write(writers, chains, kinds, tenants, topics, bodies);
END $$;

ALTER FUNCTION control.hold_gate OWNER TO countersign_owner;
ALTER FUNCTION control.gate_since OWNER TO countersign_owner;
ALTER FUNCTION control.known OWNER TO countersign_owner;
ALTER FUNCTION control.stands OWNER TO countersign_owner;
ALTER FUNCTION ledger.write OWNER TO countersign_owner;
ALTER FUNCTION ledger.append_as OWNER TO countersign_owner;
REVOKE ALL ON FUNCTION control.hold_gate, control.gate_since, control.known, control.stands FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.write, ledger.append_as FROM PUBLIC;

GRANT EXECUTE ON FUNCTION control.known TO countersign_ingress, countersign_policy_kernel, countersign_approval,
  countersign_scheduler, countersign_output_safety;
GRANT EXECUTE ON FUNCTION control.gate_since TO countersign_approval, countersign_scheduler, countersign_output_safety;
