-- The evidence: entries in gapless chains, hashed here in the database. `ledger.append` is the only way in; no role,
-- the owner of the functions included, may change or delete what stands.
CREATE SCHEMA ledger;

-- Who may record what; a test compares it with the contracts' ENTRY_KINDS.
CREATE TABLE ledger.kinds (
  kind text COLLATE "C" PRIMARY KEY,
  writer text COLLATE "C" NOT NULL
);

INSERT INTO ledger.kinds (kind, writer) VALUES
  ('job_admitted', 'countersign_scheduler'),
  ('job_held', 'countersign_scheduler'),
  ('job_cleared', 'countersign_scheduler'),
  ('job_dispatched', 'countersign_scheduler'),
  ('job_running', 'countersign_scheduler'),
  ('job_succeeded', 'countersign_scheduler'),
  ('job_failed', 'countersign_scheduler'),
  ('job_denied', 'countersign_scheduler'),
  ('job_refused', 'countersign_scheduler'),
  ('job_expired', 'countersign_scheduler'),
  ('job_cancelled', 'countersign_scheduler'),
  ('job_timed_out', 'countersign_scheduler'),
  ('job_quarantined', 'countersign_scheduler'),
  ('job_cancel_requested', 'countersign_scheduler'),
  ('attempt_refused', 'countersign_scheduler'),
  ('attempt_lost', 'countersign_scheduler'),
  ('switch_set', 'countersign_scheduler'),
  ('approval_opened', 'countersign_approval'),
  ('approval_voted', 'countersign_approval'),
  ('approval_granted', 'countersign_approval'),
  ('approval_refused', 'countersign_approval'),
  ('approval_expired', 'countersign_approval'),
  ('approval_voided', 'countersign_approval'),
  ('output_screened', 'countersign_output_safety'),
  ('result_rejected', 'countersign_output_safety'),
  ('policy_activated', 'countersign_policy_kernel'),
  ('policy_rejected', 'countersign_policy_kernel'),
  ('identity_created', 'countersign_ingress'),
  ('identity_revoked', 'countersign_ingress');

-- `id` only orders; it has gaps. `xid` tells the sealer which transaction wrote the row. The head of a chain is its
-- last row: a table of heads beside it could disagree with it.
CREATE TABLE ledger.entries (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  chain text COLLATE "C" NOT NULL CHECK (chain <> ''),
  seq bigint NOT NULL,
  kind text COLLATE "C" NOT NULL,
  recorded_by text COLLATE "C" NOT NULL,
  tenant text COLLATE "C",
  topic text COLLATE "C",
  time_us bigint NOT NULL,
  body text NOT NULL,
  prev_hash bytea NOT NULL,
  hash bytea NOT NULL,
  UNIQUE (chain, seq)
-- Rows up to a page stay in line as they are: compressing each body would cost more than all the rest of its append.
) WITH (toast_tuple_target = 8160);
CREATE INDEX entries_xid ON ledger.entries (xid);

CREATE FUNCTION ledger.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'evidence is only ever added: % on %.%', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END $$;

-- ALWAYS: also under session_replication_role = replica.
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.entries
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.entries ENABLE ALWAYS TRIGGER only_added;

-- Appends one entry per array element, in array order, in the caller's transaction: its last write, because the locks
-- on the chains last until the commit. Several calls in one transaction could deadlock with another's.
CREATE FUNCTION ledger.append(chains text[], kinds text[], tenants text[], topics text[], bodies text[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- utf8('countersign/ledger-entry/v1') and a zero byte.
  domain constant bytea := convert_to('countersign/ledger-entry/v1', 'UTF8') || '\x00'::bytea;
  no_previous constant bytea := decode(repeat('00', 32), 'hex');
  writer constant bytea := convert_to(session_user, 'UTF8');
  recorded constant bytea := int4send(octet_length(writer)) || writer;
  wanted constant int := cardinality(chains);
  now_us bigint;
  stored int := 0;
  added int;
  round int := 0;
BEGIN
  IF wanted = 0 THEN RETURN; END IF;
  IF cardinality(kinds) IS DISTINCT FROM wanted OR cardinality(tenants) IS DISTINCT FROM wanted
     OR cardinality(topics) IS DISTINCT FROM wanted OR cardinality(bodies) IS DISTINCT FROM wanted THEN
    RAISE EXCEPTION 'the arrays differ in length' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF NOT kinds <@ ARRAY(SELECT k.kind FROM ledger.kinds k WHERE k.writer = session_user) THEN
    RAISE EXCEPTION '% may not record one of these kinds', session_user USING ERRCODE = 'insufficient_privilege';
  END IF;

  -- One lock per chain, in the order of the lock's key, so that two calls never wait for each other. Two chains that
  -- share a key only wait without need.
  PERFORM pg_advisory_xact_lock(1279607879, k.key)
    FROM (SELECT DISTINCT hashtext(c.chain) AS key FROM unnest(chains) AS c (chain) ORDER BY 1) AS k;
  now_us := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;

  -- Round n stores the n-th entry of every chain. Each statement takes a new snapshot, so it sees what others committed
  -- before the lock was given and what the round before stored.
  WHILE stored < wanted LOOP
    round := round + 1;
    INSERT INTO ledger.entries (chain, seq, kind, recorded_by, tenant, topic, time_us, body, prev_hash, hash)
    SELECT n.chain, n.seq, n.kind, session_user, n.tenant, n.topic, n.time_us, n.body, n.prev_hash,
           sha256(domain || n.prev_hash
             || int4send(octet_length(n.chain_utf8)) || n.chain_utf8
             || int4send(octet_length(n.kind_utf8)) || n.kind_utf8
             || recorded || int8send(n.seq) || int8send(n.time_us) || convert_to(n.body, 'UTF8'))
    FROM (
      SELECT i.chain, i.kind, i.tenant, i.topic, i.body,
             convert_to(i.chain, 'UTF8') AS chain_utf8, convert_to(i.kind, 'UTF8') AS kind_utf8,
             coalesce(p.seq, 0) + 1 AS seq, greatest(now_us, p.time_us) AS time_us,
             coalesce(p.hash, no_previous) AS prev_hash
      FROM (
        SELECT u.*, row_number() OVER (PARTITION BY u.chain ORDER BY u.place) AS turn
        FROM unnest(chains, kinds, tenants, topics, bodies)
             WITH ORDINALITY AS u (chain, kind, tenant, topic, body, place)
      ) AS i
      LEFT JOIN LATERAL (
        SELECT e.seq, e.time_us, e.hash FROM ledger.entries e WHERE e.chain = i.chain ORDER BY e.seq DESC LIMIT 1
      ) AS p ON true
      WHERE i.turn = round
      OFFSET 0
    ) AS n;
    GET DIAGNOSTICS added = ROW_COUNT;
    stored := stored + added;
  END LOOP;
END $$;
ALTER FUNCTION ledger.append OWNER TO countersign_owner;

-- What the functions may do, and no more: not even they can change an entry.
GRANT USAGE ON SCHEMA ledger TO countersign_owner;
GRANT SELECT ON ledger.kinds TO countersign_owner;
GRANT SELECT, INSERT ON ledger.entries TO countersign_owner;

GRANT USAGE ON SCHEMA ledger TO countersign_ingress, countersign_policy_kernel, countersign_approval,
  countersign_scheduler, countersign_output_safety, countersign_audit;
GRANT EXECUTE ON FUNCTION ledger.append TO countersign_ingress, countersign_policy_kernel, countersign_approval,
  countersign_scheduler, countersign_output_safety;
GRANT SELECT ON ledger.kinds, ledger.entries TO countersign_audit;
