-- Revision 3. Appending to the ledger.

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

-- Appends entries, each recorded by its own writer, in array order. Nobody calls it but the functions here. Two of one chain share
-- a row, unless they differ in tenant or topic; where no two share a chain, and so each has a lock of its own, there is one turn.
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
  -- Of each entry: the turn in which it begins a row, and the place of the entry that shares it.
  turns int[];
  seconds int[];
  last_turn int := 1;
  alike boolean;
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

  -- Each turn stores the next row of every chain. Each statement takes a new snapshot, so it sees what others committed
  -- before the lock was given and what the turn before stored.
  IF locks = wanted THEN
    turns := array_fill(1, ARRAY[wanted]);
  ELSIF locks * 2 = wanted AND (
    SELECT bool_and(chains[i] = chains[i + 1] AND tenants[i] IS NOT DISTINCT FROM tenants[i + 1]
                    AND topics[i] IS NOT DISTINCT FROM topics[i + 1]) FROM generate_series(1, wanted, 2) AS i) THEN
    -- Pairs of neighbours alone, as most steps have them: what follows finds the same by sorting.
    turns := ARRAY(SELECT CASE WHEN i % 2 = 1 THEN 1 END FROM generate_series(1, wanted) AS i);
    seconds := ARRAY(SELECT i + 1 FROM generate_series(1, wanted) AS i);
  ELSE
    SELECT array_agg(CASE WHEN t.turn % 2 = 1 THEN t.turn / 2 + 1 END ORDER BY t.place),
           array_agg(t.next ORDER BY t.place), max((t.turn + 1) / 2), bool_and(t.turn % 2 = 0 OR t.next IS NULL OR t.alike)
      INTO turns, seconds, last_turn, alike
      FROM (SELECT u.place, row_number() OVER w::int AS turn, lead(u.place) OVER w::int AS next,
                   lead(u.tenant) OVER w IS NOT DISTINCT FROM u.tenant AND lead(u.topic) OVER w IS NOT DISTINCT FROM u.topic
                     AS alike
              FROM unnest(chains, tenants, topics) WITH ORDINALITY AS u (chain, tenant, topic, place)
            WINDOW w AS (PARTITION BY u.chain ORDER BY u.place)) AS t;
    IF NOT alike THEN
      seconds := NULL;
      SELECT array_agg(t.turn ORDER BY t.place), max(t.turn) INTO turns, last_turn
        FROM (SELECT u.place, row_number() OVER (PARTITION BY u.chain ORDER BY u.place)::int AS turn
                FROM unnest(chains) WITH ORDINALITY AS u (chain, place)) AS t;
    END IF;
  END IF;
  FOR round IN 1 .. last_turn LOOP
    INSERT INTO ledger.entry_rows (chain, seq, kind, recorded_by, tenant, topic, time_us, body, prev_hash, hash,
           also_kind, also_recorded_by, also_body, also_hash)
    SELECT h.chain, h.seq, h.kind, h.writer, h.tenant, h.topic, h.time_us, h.body, h.prev_hash, h.hash,
           h.also_kind, h.also_writer, h.also_body,
           CASE WHEN h.second IS NOT NULL THEN sha256(domain || h.hash || h.chain_sent
             || int4send(octet_length(convert_to(h.also_kind, 'UTF8'))) || convert_to(h.also_kind, 'UTF8')
             || int4send(octet_length(convert_to(h.also_writer, 'UTF8'))) || convert_to(h.also_writer, 'UTF8')
             || int8send(h.seq + 1) || int8send(h.time_us) || convert_to(h.also_body, 'UTF8')) END
    FROM (
      SELECT n.*, kinds[n.second] AS also_kind, writers[n.second] AS also_writer, bodies[n.second] AS also_body,
             sha256(domain || n.prev_hash || n.chain_sent
               || int4send(octet_length(n.kind_utf8)) || n.kind_utf8
               || int4send(octet_length(n.writer_utf8)) || n.writer_utf8
               || int8send(n.seq) || int8send(n.time_us) || convert_to(n.body, 'UTF8')) AS hash
      FROM (
        SELECT i.writer, i.chain, i.kind, i.tenant, i.topic, i.body, i.second, convert_to(i.writer, 'UTF8') AS writer_utf8,
               int4send(octet_length(convert_to(i.chain, 'UTF8'))) || convert_to(i.chain, 'UTF8') AS chain_sent,
               convert_to(i.kind, 'UTF8') AS kind_utf8,
               coalesce(p.seq, 0) + 1 AS seq, greatest(now_us, p.time_us) AS time_us,
               coalesce(p.hash, no_previous) AS prev_hash
        FROM unnest(writers, chains, kinds, tenants, topics, bodies, turns, seconds)
               AS i (writer, chain, kind, tenant, topic, body, turn, second)
        LEFT JOIN LATERAL (
          SELECT r.seq + (r.also_kind IS NOT NULL)::int AS seq, r.time_us, coalesce(r.also_hash, r.hash) AS hash
            FROM ledger.entry_rows r WHERE r.chain = i.chain ORDER BY r.seq DESC LIMIT 1
        ) AS p ON true
        WHERE i.turn = round
        OFFSET 0
      ) AS n
      OFFSET 0
    ) AS h;
  END LOOP;
END $$;
