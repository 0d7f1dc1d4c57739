-- The order of all entries: leaves, sealed exactly once and gapless, and how far they were published. Tree nodes and
-- checkpoints stand here for the Merkle log that grows over the leaves.
CREATE TABLE ledger.leaves (
  leaf_index bigint PRIMARY KEY,
  entry_id bigint NOT NULL UNIQUE,
  hash bytea NOT NULL
);

CREATE TABLE ledger.nodes (
  level smallint NOT NULL,
  node_index bigint NOT NULL,
  hash bytea NOT NULL,
  PRIMARY KEY (level, node_index)
);

CREATE TABLE ledger.checkpoints (
  tree_size bigint PRIMARY KEY,
  root_hash bytea NOT NULL,
  note text NOT NULL,
  made_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.leaves
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.leaves ENABLE ALWAYS TRIGGER only_added;
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.nodes
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.nodes ENABLE ALWAYS TRIGGER only_added;
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.checkpoints
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.checkpoints ENABLE ALWAYS TRIGGER only_added;

-- One row. Everything visible in `sealed` has its leaf. While a window is open, `draining` is the snapshot that ends
-- it, and of the window's entries those up to `after_id` have their leaf.
CREATE TABLE ledger.sealer (
  one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
  sealed pg_snapshot NOT NULL,
  draining pg_snapshot,
  after_id bigint NOT NULL DEFAULT 0,
  last_id bigint NOT NULL DEFAULT 0
);
INSERT INTO ledger.sealer (sealed) VALUES ('1:1:');

-- One row: the leaves below `next_leaf` are on the audit stream.
CREATE TABLE ledger.published (
  one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
  next_leaf bigint NOT NULL
);
INSERT INTO ledger.published (next_leaf) VALUES (0);

-- Under the sealer's lock.
--
-- A window is what became visible between two snapshots, drained in the order of `id`. Neither a cursor on `id` (a
-- lower one may commit later) nor one on `xid` would do: a transaction that began earlier may append to a chain after
-- one that began later and has committed, and a cut between their xids would seal a chain backwards. A snapshot that
-- sees an entry sees all entries before it in the chain, because each waited for the commit of the one before; and
-- within a window the ids of one chain grow with its seq, because they are taken under the chain's lock.
CREATE FUNCTION ledger.seal_next(max_leaves int) RETURNS int
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
-- The tables grow for years while a window stays small: never let stale statistics choose to read all of them.
SET enable_seqscan = off AS $$
DECLARE
  s ledger.sealer;
  first_id bigint;
  last_sealed bigint;
  added int;
BEGIN
  SELECT * INTO STRICT s FROM ledger.sealer;
  IF s.draining IS NULL THEN
    s.draining := pg_current_snapshot();
    WITH fresh AS MATERIALIZED (
      SELECT e.id FROM ledger.entries e
      WHERE e.xid >= pg_snapshot_xmax(s.sealed) AND pg_visible_in_snapshot(e.xid, s.draining)
      UNION ALL
      SELECT e.id FROM ledger.entries e
      WHERE e.xid = ANY (ARRAY(SELECT pg_snapshot_xip(s.sealed))) AND pg_visible_in_snapshot(e.xid, s.draining)
    )
    SELECT min(f.id), max(f.id) INTO first_id, s.last_id FROM fresh f;
    IF first_id IS NULL THEN RETURN 0; END IF;
    s.after_id := first_id - 1;
  END IF;

  WITH next AS (
    SELECT e.id, e.hash FROM ledger.entries e
    WHERE e.id > s.after_id AND e.id <= s.last_id
      AND pg_visible_in_snapshot(e.xid, s.draining) AND NOT pg_visible_in_snapshot(e.xid, s.sealed)
    ORDER BY e.id LIMIT max_leaves
  ), added AS (
    INSERT INTO ledger.leaves (leaf_index, entry_id, hash)
    SELECT coalesce((SELECT max(l.leaf_index) FROM ledger.leaves l), -1) + row_number() OVER (ORDER BY n.id),
           n.id, n.hash
    FROM next n
    RETURNING entry_id
  )
  SELECT count(*), max(a.entry_id) INTO added, last_sealed FROM added a;

  IF last_sealed = s.last_id THEN
    UPDATE ledger.sealer SET sealed = s.draining, draining = NULL, after_id = 0, last_id = 0;
  ELSE
    UPDATE ledger.sealer SET draining = s.draining, after_id = last_sealed, last_id = s.last_id;
  END IF;
  RETURN added;
END $$;
ALTER FUNCTION ledger.seal_next OWNER TO countersign_owner;

-- Gives the next entries their leaves, at most `max_leaves`; returns how many got one and how many leaves are not yet
-- published. It does nothing while another sealer is at work.
CREATE FUNCTION ledger.seal(max_leaves int, OUT sealed int, OUT unpublished bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  sealed := 0;
  IF pg_try_advisory_xact_lock(1279607880, 0) THEN
    sealed := ledger.seal_next(max_leaves);
  END IF;
  SELECT coalesce((SELECT max(l.leaf_index) + 1 FROM ledger.leaves l), 0) - p.next_leaf INTO STRICT unpublished
    FROM ledger.published p;
END $$;
ALTER FUNCTION ledger.seal OWNER TO countersign_owner;

-- Locks publishing for this transaction and returns the next leaf to publish; null when another publisher is at work.
CREATE FUNCTION ledger.start_publishing() RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT next_leaf FROM ledger.published FOR UPDATE SKIP LOCKED
$$;
ALTER FUNCTION ledger.start_publishing OWNER TO countersign_owner;

-- Moves the cursor past what the audit stream has acknowledged. It never moves back.
CREATE FUNCTION ledger.finish_publishing(up_to bigint) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE ledger.published SET next_leaf = up_to WHERE next_leaf < up_to
$$;
ALTER FUNCTION ledger.finish_publishing OWNER TO countersign_owner;

GRANT SELECT, INSERT ON ledger.leaves TO countersign_owner;
GRANT SELECT, UPDATE ON ledger.sealer, ledger.published TO countersign_owner;

GRANT EXECUTE ON FUNCTION ledger.seal, ledger.start_publishing, ledger.finish_publishing TO countersign_audit;
GRANT SELECT ON ledger.leaves, ledger.sealer, ledger.published TO countersign_audit;
GRANT SELECT, INSERT ON ledger.nodes, ledger.checkpoints TO countersign_audit;
