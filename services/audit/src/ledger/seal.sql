-- Revision 2. Sealing: committed entries get their leaves.

-- Gives the next entries their leaves, at most `max_leaves`; returns how many got one and how many leaves are not yet
-- published. It does nothing while another sealer is at work.
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

-- Under the sealer's lock.
--
-- A window is what became visible between two snapshots, drained in the order of `id`. Neither a cursor on `id` (a
-- lower one may commit later) nor one on `xid` would do: a transaction that began earlier may append to a chain after
-- one that began later and has committed, and a cut between their xids would seal a chain backwards. A snapshot that
-- sees an entry sees all entries before it in the chain, because each waited for the commit of the one before; and
-- within a window the ids of one chain grow with its seq, because they are taken under the chain's lock.
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
      SELECT r.id, r.id + (r.also_kind IS NOT NULL)::int AS last FROM ledger.entry_rows r
      WHERE r.xid >= pg_snapshot_xmax(s.sealed) AND pg_visible_in_snapshot(r.xid, s.draining)
      UNION ALL
      SELECT r.id, r.id + (r.also_kind IS NOT NULL)::int FROM ledger.entry_rows r
      WHERE r.xid = ANY (ARRAY(SELECT pg_snapshot_xip(s.sealed))) AND pg_visible_in_snapshot(r.xid, s.draining)
    )
    SELECT min(f.id), max(f.last) INTO first_id, s.last_id FROM fresh f;
    IF first_id IS NULL THEN RETURN 0; END IF;
    s.after_id := first_id - 1;
  END IF;

  SELECT l.first_leaf + cardinality(l.entry_ids), l.up_to_id INTO next_leaf, up_to
    FROM ledger.sealed_leaves l ORDER BY l.first_leaf DESC LIMIT 1;
  WITH rows AS (
    SELECT r.id, r.hash, r.also_hash FROM ledger.entry_rows r
    -- From `after_id` itself on: the last turn may have ended between the two entries of a row.
    WHERE r.id >= s.after_id AND r.id <= s.last_id
      AND pg_visible_in_snapshot(r.xid, s.draining) AND NOT pg_visible_in_snapshot(r.xid, s.sealed)
    ORDER BY r.id LIMIT max_leaves + 1
  ), next AS (
    SELECT e.id, e.hash FROM rows r CROSS JOIN LATERAL (VALUES (r.id, r.hash), (r.id + 1, r.also_hash)) AS e (id, hash)
    WHERE e.hash IS NOT NULL AND e.id > s.after_id ORDER BY e.id LIMIT max_leaves
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

-- Keeps a signed checkpoint and the tiles that were filled since the one before, in one statement. False when another
-- instance was faster, or when the leaves are not those that were signed: then whoever asks has to read the tree again.
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
