-- Revision 1. Appending to the ledger.

-- Appends one entry per array element, in array order, in the caller's transaction: its last write, because the locks
-- on the chains last until the commit. Several calls in one transaction could deadlock with another's.
CREATE OR REPLACE FUNCTION ledger.append(chains text[], kinds text[], tenants text[], topics text[], bodies text[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  written boolean;
BEGIN
  IF NOT kinds <@ ARRAY(SELECT k.kind FROM ledger.kinds k WHERE k.writer = session_user) THEN
    RAISE EXCEPTION '% may not record one of these kinds', session_user USING ERRCODE = 'insufficient_privilege';
  END IF;
  written := ledger.write(array_fill(session_user::text, ARRAY[cardinality(chains)]), chains, kinds, tenants, topics, bodies) IS NULL;
END $$;

-- For the owner's functions alone: a step that two services take in one statement records what each of them says under
-- its own name. Who called stands in the body of what another is said to have recorded, and so in the hash. `json` reads the
-- body once, where `jsonb` builds all of it anew.
CREATE OR REPLACE FUNCTION ledger.append_as(
  writers text[], chains text[], kinds text[], tenants text[], topics text[], bodies text[]
) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  written boolean;
BEGIN
  IF EXISTS (SELECT FROM unnest(writers, kinds) AS w (writer, kind)
             WHERE NOT EXISTS (SELECT FROM ledger.kinds k WHERE k.kind = w.kind AND k.writer = w.writer)) THEN
    RAISE EXCEPTION 'a writer may not record one of these kinds' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF EXISTS (SELECT FROM unnest(writers, bodies) AS w (writer, body)
             WHERE w.writer <> session_user AND w.body::json ->> 'via' IS DISTINCT FROM session_user::text) THEN
    RAISE EXCEPTION 'an entry for another writer must say through whom' USING ERRCODE = 'insufficient_privilege';
  END IF;
  written := ledger.write(writers, chains, kinds, tenants, topics, bodies) IS NULL;
END $$;

-- Appends entries, each recorded by its own writer, in array order. Nobody calls it but the functions here. Where no two entries
-- share a chain, and so each has a lock of its own, there is one turn.
CREATE OR REPLACE FUNCTION ledger.write(
  writers text[], chains text[], kinds text[], tenants text[], topics text[], bodies text[]
) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- utf8('countersign/ledger-entry/v1') and a zero byte.
  domain constant bytea := convert_to('countersign/ledger-entry/v1', 'UTF8') || '\x00'::bytea;
  no_previous constant bytea := decode(repeat('00', 32), 'hex');
  wanted constant int := cardinality(chains);
  locks int;
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
  SELECT count(l.taken) INTO locks FROM (
    SELECT pg_advisory_xact_lock(1279607879, k.key) IS NULL AS taken
      FROM (SELECT DISTINCT hashtext(c.chain) AS key FROM unnest(chains) AS c (chain) ORDER BY 1) AS k OFFSET 0) AS l;
  now_us := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;

  -- Turn n stores the n-th entry of every chain. Each statement takes a new snapshot, so it sees what others committed
  -- before the lock was given and what the turn before stored.
  IF locks = wanted THEN
    turns := array_fill(1, ARRAY[wanted]);
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
