-- Leaves of one turn of the sealer stand in one row: with a row and two index entries of its own, each cost Postgres' log
-- five times its bytes. Hashes stay beside the entries, as before: the tree holds, whatever becomes of an entry.
CREATE TABLE ledger.sealed_leaves (
  first_leaf bigint PRIMARY KEY,
  -- No entry in this row or one before it has a higher id.
  up_to_id bigint NOT NULL,
  -- In the order of the leaves.
  entry_ids bigint[] NOT NULL CHECK (cardinality(entry_ids) BETWEEN 1 AND 64),
  -- Of 32 bytes each.
  hashes bytea NOT NULL,
  CHECK (octet_length(hashes) = 32 * cardinality(entry_ids))
);
-- 64 of them fit thrice into a page, and hashes cannot be compressed.
ALTER TABLE ledger.sealed_leaves ALTER COLUMN entry_ids SET STORAGE PLAIN, ALTER COLUMN hashes SET STORAGE PLAIN;

-- What is copied must be all there is: a sealer of before that is at work is waited for, and the next one fails and comes again.
-- The gates write on meanwhile.
LOCK TABLE ledger.leaves IN ACCESS EXCLUSIVE MODE;
INSERT INTO ledger.sealed_leaves (first_leaf, up_to_id, entry_ids, hashes)
SELECT min(l.leaf_index), max(max(l.entry_id)) OVER (ORDER BY l.leaf_index / 64),
       array_agg(l.entry_id ORDER BY l.leaf_index), string_agg(l.hash, '' ORDER BY l.leaf_index)
  FROM ledger.leaves l GROUP BY l.leaf_index / 64;

CREATE INDEX sealed_leaves_entries ON ledger.sealed_leaves (up_to_id, first_leaf);
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.sealed_leaves
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.sealed_leaves ENABLE ALWAYS TRIGGER only_added;
GRANT SELECT, INSERT ON ledger.sealed_leaves TO countersign_owner;
GRANT SELECT ON ledger.sealed_leaves TO countersign_audit;

DROP TABLE ledger.leaves;
-- One by one, for services of before and for people. It is read as a whole: the functions below look leaves up.
CREATE VIEW ledger.leaves AS
  SELECT s.first_leaf + i.place - 1 AS leaf_index, i.id AS entry_id,
         substr(s.hashes, (i.place::int - 1) * 32 + 1, 32) AS hash
    FROM ledger.sealed_leaves s CROSS JOIN LATERAL unnest(s.entry_ids) WITH ORDINALITY AS i (id, place);
GRANT SELECT ON ledger.leaves TO countersign_audit;

-- The tables grow for years while what is asked stays small: never let stale statistics choose to read all of them.
CREATE FUNCTION ledger.leaf_count() RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
  SELECT coalesce((SELECT s.first_leaf + cardinality(s.entry_ids) FROM ledger.sealed_leaves s
                    ORDER BY s.first_leaf DESC LIMIT 1), 0)
$$;

-- In order, `wanted` at most.
CREATE FUNCTION ledger.leaves_from(first bigint, wanted bigint)
RETURNS TABLE (leaf_index bigint, entry_id bigint, hash bytea)
LANGUAGE sql STABLE ROWS 100 SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
  SELECT s.first_leaf + i.place - 1, i.id, substr(s.hashes, (i.place::int - 1) * 32 + 1, 32)
    FROM ledger.sealed_leaves s CROSS JOIN LATERAL unnest(s.entry_ids) WITH ORDINALITY AS i (id, place)
   WHERE s.first_leaf >= coalesce((SELECT max(b.first_leaf) FROM ledger.sealed_leaves b WHERE b.first_leaf <= first), 0)
     AND s.first_leaf < first + wanted
     AND s.first_leaf + i.place - 1 >= first AND s.first_leaf + i.place - 1 < first + wanted
   ORDER BY 1
$$;

-- Null while it has none. Almost always the first row that reaches its id has it: only what was committed after an entry
-- with a higher id was sealed stands further on.
CREATE FUNCTION ledger.leaf_of(entry bigint) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
  SELECT s.first_leaf + array_position(s.entry_ids, entry) - 1 FROM ledger.sealed_leaves s
   WHERE s.up_to_id >= entry AND entry = ANY (s.entry_ids) ORDER BY s.up_to_id, s.first_leaf LIMIT 1
$$;
ALTER FUNCTION ledger.leaf_count OWNER TO countersign_owner;
ALTER FUNCTION ledger.leaves_from OWNER TO countersign_owner;
ALTER FUNCTION ledger.leaf_of OWNER TO countersign_owner;
REVOKE ALL ON FUNCTION ledger.leaf_count, ledger.leaves_from, ledger.leaf_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.leaf_count, ledger.leaves_from, ledger.leaf_of TO countersign_owner, countersign_audit;

-- As before (002), but for where the leaves go.
CREATE OR REPLACE FUNCTION ledger.seal_next(max_leaves int) RETURNS int
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
-- The tables grow for years while a window stays small: never let stale statistics choose to read all of them.
SET enable_seqscan = off AS $$
DECLARE
  s ledger.sealer;
  first_id bigint;
  next_leaf bigint;
  up_to bigint;
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

  SELECT l.first_leaf + cardinality(l.entry_ids), l.up_to_id INTO next_leaf, up_to
    FROM ledger.sealed_leaves l ORDER BY l.first_leaf DESC LIMIT 1;
  WITH next AS (
    SELECT e.id, e.hash FROM ledger.entries e
    WHERE e.id > s.after_id AND e.id <= s.last_id
      AND pg_visible_in_snapshot(e.xid, s.draining) AND NOT pg_visible_in_snapshot(e.xid, s.sealed)
    ORDER BY e.id LIMIT max_leaves
  ), placed AS (
    SELECT n.id, n.hash, row_number() OVER (ORDER BY n.id) - 1 AS place FROM next n
  ), added AS (
    INSERT INTO ledger.sealed_leaves (first_leaf, up_to_id, entry_ids, hashes)
    SELECT coalesce(next_leaf, 0) + min(p.place), greatest(up_to, max(p.id)),
           array_agg(p.id ORDER BY p.id), string_agg(p.hash, '' ORDER BY p.id)
      FROM placed p GROUP BY p.place / 64
    RETURNING entry_ids
  )
  SELECT coalesce(sum(cardinality(a.entry_ids)), 0), max(a.entry_ids[cardinality(a.entry_ids)])
    INTO added, last_sealed FROM added a;

  IF last_sealed = s.last_id THEN
    UPDATE ledger.sealer SET sealed = s.draining, draining = NULL, after_id = 0, last_id = 0;
  ELSE
    UPDATE ledger.sealer SET draining = s.draining, after_id = last_sealed, last_id = s.last_id;
  END IF;
  RETURN added;
END $$;

-- As before (002).
CREATE OR REPLACE FUNCTION ledger.seal(max_leaves int, OUT sealed int, OUT unpublished bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  sealed := 0;
  IF pg_try_advisory_xact_lock(1279607880, 0) THEN
    sealed := ledger.seal_next(max_leaves);
  END IF;
  SELECT ledger.leaf_count() - p.next_leaf INTO STRICT unpublished
    FROM ledger.published p;
END $$;

-- As before (007).
CREATE OR REPLACE FUNCTION ledger.next_window(me text, acked bigint, seal_leaves int, window_leaves int)
RETURNS TABLE (
  mine boolean, fresh boolean, sealed int, next_leaf bigint, unpublished bigint,
  chain text, seq bigint, kind text, recorded_by text, tenant text, topic text, time_us bigint, body text,
  prev_hash text, hash text, leaf_index bigint
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  p ledger.published;
  leaves bigint;
  given int := 0;
  moved bigint;
  was text;
BEGIN
  SELECT * INTO STRICT p FROM ledger.published;
  IF p.publisher IS DISTINCT FROM me AND p.held_until > clock_timestamp() THEN
    RETURN QUERY SELECT false, false, 0, p.next_leaf, 0::bigint, NULL::text, NULL::bigint, NULL::text, NULL::text,
      NULL::text, NULL::text, NULL::bigint, NULL::text, NULL::text, NULL::text, NULL::bigint;
    RETURN;
  END IF;

  IF pg_try_advisory_xact_lock(1279607880, 0) THEN
    given := ledger.seal_next(seal_leaves);
  END IF;
  leaves := ledger.leaf_count();
  was := p.publisher;
  moved := CASE WHEN was = me AND acked > p.next_leaf THEN least(acked, leaves) ELSE p.next_leaf END;

  -- Without work nothing is written: an idle system commits no row.
  IF moved > p.next_leaf OR leaves > p.next_leaf THEN
    UPDATE ledger.published AS u
      SET next_leaf = moved, publisher = me, held_until = clock_timestamp() + interval '5 s'
      WHERE u.publisher IS NOT DISTINCT FROM was AND (was IS NOT DISTINCT FROM me OR u.held_until <= clock_timestamp())
      RETURNING u.* INTO p;
    IF NOT FOUND THEN
      -- Another was faster.
      RETURN QUERY SELECT false, false, given, 0::bigint, 0::bigint, NULL::text, NULL::bigint, NULL::text, NULL::text,
        NULL::text, NULL::text, NULL::bigint, NULL::text, NULL::text, NULL::text, NULL::bigint;
      RETURN;
    END IF;
  END IF;

  RETURN QUERY
    SELECT true, was IS DISTINCT FROM me, given, p.next_leaf, leaves - p.next_leaf,
           e.chain, e.seq, e.kind, e.recorded_by, e.tenant, e.topic, e.time_us, e.body,
           encode(e.prev_hash, 'hex'), encode(e.hash, 'hex'), n.leaf_index
      FROM (SELECT 1) AS one
      LEFT JOIN ledger.leaves_from(p.next_leaf, window_leaves) AS n ON true
      LEFT JOIN ledger.entries e ON e.id = n.entry_id
      ORDER BY n.leaf_index;
END $$;

-- As before (007).
CREATE OR REPLACE FUNCTION ledger.publish_from(me text, next bigint) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH moved AS (
    UPDATE ledger.published SET next_leaf = next, publisher = me, held_until = clock_timestamp() + interval '5 s'
     WHERE (publisher = me OR held_until <= clock_timestamp())
       AND next BETWEEN 0 AND ledger.leaf_count()
    RETURNING true
  )
  SELECT coalesce((SELECT true FROM moved), false)
$$;

-- As before (013).
CREATE OR REPLACE FUNCTION ledger.keep_checkpoint(
  from_size bigint, tree_size bigint, last_leaf bytea, root_hash bytea, note text,
  levels smallint[], indexes bigint[], hashes bytea[]
) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(1279607885, 0);
  IF from_size IS DISTINCT FROM coalesce((SELECT max(c.tree_size) FROM ledger.checkpoints c), 0)
     OR keep_checkpoint.tree_size <= from_size
     OR last_leaf IS DISTINCT FROM (SELECT l.hash FROM ledger.leaves_from(keep_checkpoint.tree_size - 1, 1) l) THEN
    RETURN false;
  END IF;
  INSERT INTO ledger.nodes (level, node_index, hash) SELECT * FROM unnest(levels, indexes, hashes);
  INSERT INTO ledger.checkpoints (tree_size, root_hash, note)
    VALUES (keep_checkpoint.tree_size, keep_checkpoint.root_hash, keep_checkpoint.note);
  RETURN true;
END $$;

-- As before (022).
CREATE OR REPLACE FUNCTION control.log_end() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT ledger.leaf_count()
$$;
