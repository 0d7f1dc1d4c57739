-- Two entries that one call appends to one chain share a row: a job's admission and its dispatch, its screening and its end.
-- Each had a row and three index entries of its own, which cost Postgres' log more than half of what it says. Nothing that is
-- hashed changes. Rows of before stay as they are, and nothing is copied.
ALTER TABLE ledger.entries RENAME TO entry_rows;
-- The second entry: of the next id and the next seq; its chain, tenant, topic, time and transaction are the row's, and the hash
-- before its own is the row's.
ALTER TABLE ledger.entry_rows
  ADD COLUMN also_kind text COLLATE "C",
  ADD COLUMN also_recorded_by text COLLATE "C",
  ADD COLUMN also_body text,
  ADD COLUMN also_hash bytea,
  -- NOT VALID: rows of before have none.
  ADD CONSTRAINT also_whole CHECK (num_nulls(also_kind, also_recorded_by, also_body, also_hash) IN (0, 4)) NOT VALID,
  ADD CONSTRAINT also_fits_a_message CHECK (octet_length(also_body) <= 2000000) NOT VALID;
ALTER TABLE ledger.entry_rows ALTER COLUMN id SET INCREMENT BY 2;

-- One by one, as readers know them. Who looks one up by its id says in which rows it may be, too: `row_id IN (id, id - 1)`; by `id`
-- alone all of them are read.
CREATE VIEW ledger.entries AS
  SELECT * FROM (
    SELECT r.id, r.xid, r.chain, r.seq, r.kind, r.recorded_by, r.tenant, r.topic, r.time_us, r.body, r.prev_hash, r.hash,
           r.id AS row_id
      FROM ledger.entry_rows r
    UNION ALL
    SELECT r.id + 1, r.xid, r.chain, r.seq + 1, r.also_kind, r.also_recorded_by, r.tenant, r.topic, r.time_us, r.also_body,
           r.hash, r.also_hash, r.id
      FROM ledger.entry_rows r) AS e
   -- Not beside the second SELECT: there it would keep joins from its index.
   WHERE e.kind IS NOT NULL;
GRANT SELECT, INSERT ON ledger.entries TO countersign_owner;
GRANT SELECT ON ledger.entries TO countersign_audit;

-- `ledger.write` of before writes here, until it is replaced a moment later.
CREATE FUNCTION ledger.write_entry() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO ledger.entry_rows (chain, seq, kind, recorded_by, tenant, topic, time_us, body, prev_hash, hash)
  VALUES (NEW.chain, NEW.seq, NEW.kind, NEW.recorded_by, NEW.tenant, NEW.topic, NEW.time_us, NEW.body, NEW.prev_hash, NEW.hash);
  RETURN NEW;
END $$;
CREATE TRIGGER write_entry INSTEAD OF INSERT ON ledger.entries FOR EACH ROW EXECUTE FUNCTION ledger.write_entry();
