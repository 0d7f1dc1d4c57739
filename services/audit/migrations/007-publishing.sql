-- Sealing and publishing in one statement, an audit service that sleeps while nothing is recorded, and bodies that fit
-- into a message. What 002 made for the services of before stays, so that they can run beside new ones.

-- A body that fits into no message would stand in the way of every later entry on the audit stream. Twice its length
-- (each quote and backslash is escaped once more) and the other fields stay below LIMITS.message_bytes.
-- NOT VALID: what stands already is evidence, however long.
ALTER TABLE ledger.entries
  ADD CONSTRAINT body_fits_a_message CHECK (octet_length(body) <= 2000000) NOT VALID;

-- Who publishes, and until when nobody else may. A lease and not a lock: a publisher that hangs must not hold back the
-- evidence for as long as its session lives.
ALTER TABLE ledger.published
  ADD COLUMN publisher text COLLATE "C",
  ADD COLUMN held_until timestamptz NOT NULL DEFAULT '-infinity';

-- Seals, moves the cursor and reads what to publish next: one statement for a window, without a transaction that is
-- held open while the stream acknowledges. One row at least:
--   mine      false while another publisher holds the lease; then nothing was done
--   fresh     the lease was another's before: what this publisher believes of the stream is out of date
--   sealed    entries that got their leaf now; unpublished: leaves from next_leaf on
-- and, where leaf_index is not null, the entries from next_leaf on, in leaf order.
-- `acked`: the stream holds all leaves below it. Believed only of who has held the lease since.
CREATE FUNCTION ledger.next_window(me text, acked bigint, seal_leaves int, window_leaves int)
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
  leaves := coalesce((SELECT max(l.leaf_index) + 1 FROM ledger.leaves l), 0);
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
      LEFT JOIN LATERAL (
        SELECT l.leaf_index, l.entry_id FROM ledger.leaves l
         WHERE l.leaf_index >= p.next_leaf ORDER BY l.leaf_index LIMIT window_leaves
      ) AS n ON true
      LEFT JOIN ledger.entries e ON e.id = n.entry_id
      ORDER BY n.leaf_index;
END $$;
ALTER FUNCTION ledger.next_window OWNER TO countersign_owner;

-- Sets the cursor to what the stream was found to hold, forward or back: it holds all leaves below `next`. Takes the
-- lease when it is free; false while it is another's.
CREATE FUNCTION ledger.publish_from(me text, next bigint) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH moved AS (
    UPDATE ledger.published SET next_leaf = next, publisher = me, held_until = clock_timestamp() + interval '5 s'
     WHERE (publisher = me OR held_until <= clock_timestamp())
       AND next BETWEEN 0 AND coalesce((SELECT max(l.leaf_index) + 1 FROM ledger.leaves l), 0)
    RETURNING true
  )
  SELECT coalesce((SELECT true FROM moved), false)
$$;
ALTER FUNCTION ledger.publish_from OWNER TO countersign_owner;

-- An audit service with nothing to do sleeps while its session holds this lock exclusively. Whoever appends tries to
-- share it: when that fails somebody sleeps, and is woken by the commit. When it succeeds nobody can fall asleep before
-- the commit, and so nobody overlooks it.
CREATE FUNCTION ledger.wake_publisher() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT pg_try_advisory_xact_lock_shared(1279607883, 0) THEN
    PERFORM pg_notify('ledger', '');
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER wakes_publisher AFTER INSERT ON ledger.entries
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.wake_publisher();

GRANT EXECUTE ON FUNCTION ledger.next_window, ledger.publish_from TO countersign_audit;
