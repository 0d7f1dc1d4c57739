-- Revision 3. Reading what the audit stream gets next.

-- Seals, moves the cursor and reads what to publish next: one statement for a window, without a transaction that is
-- held open while the stream acknowledges. One row first:
--   mine      false while another publisher holds the lease; then nothing was done
--   fresh     the lease was another's before: what this publisher believes of the stream is out of date
--   sealed    entries that got their leaf now; unpublished: leaves from next_leaf on
-- and then the entries from next_leaf on, in leaf order.
-- `acked`: the stream holds all leaves below it. Believed only of who has held the lease since.
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

  RETURN QUERY SELECT true, was IS DISTINCT FROM me, given, p.next_leaf, leaves - p.next_leaf, NULL::text, NULL::bigint,
    NULL::text, NULL::text, NULL::text, NULL::text, NULL::bigint, NULL::text, NULL::text, NULL::text, NULL::bigint;
  -- By the row: the view of single entries looks for each of them in four places.
  RETURN QUERY
    SELECT NULL::boolean, NULL::boolean, NULL::int, NULL::bigint, NULL::bigint,
           r.chain, CASE WHEN r.is_first THEN r.seq ELSE r.seq + 1 END, CASE WHEN r.is_first THEN r.kind ELSE r.also_kind END,
           CASE WHEN r.is_first THEN r.recorded_by ELSE r.also_recorded_by END, r.tenant, r.topic, r.time_us,
           CASE WHEN r.is_first THEN r.body ELSE r.also_body END,
           encode(CASE WHEN r.is_first THEN r.prev_hash ELSE r.hash END, 'hex'),
           encode(CASE WHEN r.is_first THEN r.hash ELSE r.also_hash END, 'hex'), n.leaf_index
      FROM ledger.leaves_from(p.next_leaf, window_leaves) AS n
      LEFT JOIN LATERAL (
        SELECT *, id = n.entry_id AS is_first FROM ledger.entry_rows
         WHERE id IN (n.entry_id, n.entry_id - 1) AND (id = n.entry_id OR also_kind IS NOT NULL) OFFSET 0) AS r ON true
     ORDER BY n.leaf_index;
END $$;

-- Sets the cursor to what the stream was found to hold, forward or back: it holds all leaves below `next`. Takes the
-- lease when it is free; false while it is another's.
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

-- The leaf that the next entry gets: a webhook hears of what is sealed after it was made.
CREATE OR REPLACE FUNCTION control.log_end() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT ledger.leaf_count()
$$;
