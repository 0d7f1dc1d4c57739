-- The Merkle tree over the leaves, and its signed checkpoints. Leaves are kept already, so of the tree only the roots of
-- full tiles are (levels 8, 16, 24 and so on: one row for 256 leaves); all else is computed from at most 256 hashes.
COMMENT ON TABLE ledger.nodes IS 'roots of complete subtrees at levels 8, 16, 24, ...: what stands below a full tile';
ALTER TABLE ledger.nodes ADD CONSTRAINT only_above_tiles CHECK (level > 0 AND level % 8 = 0) NOT VALID;

-- What witnesses answered to a checkpoint: one line of its signatures each.
CREATE TABLE ledger.cosignatures (
  tree_size bigint NOT NULL,
  witness text COLLATE "C" NOT NULL,
  line text NOT NULL CHECK (octet_length(line) <= 1000),
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tree_size, witness)
);
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.cosignatures
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.cosignatures ENABLE ALWAYS TRIGGER only_added;

-- Keeps a signed checkpoint and the tiles that were filled since the one before, in one statement. False when another
-- instance was faster, or when the leaves are not those that were signed: then whoever asks has to read the tree again.
CREATE FUNCTION ledger.keep_checkpoint(
  from_size bigint, tree_size bigint, last_leaf bytea, root_hash bytea, note text,
  levels smallint[], indexes bigint[], hashes bytea[]
) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(1279607885, 0);
  IF from_size IS DISTINCT FROM coalesce((SELECT max(c.tree_size) FROM ledger.checkpoints c), 0)
     OR keep_checkpoint.tree_size <= from_size
     OR last_leaf IS DISTINCT FROM (SELECT l.hash FROM ledger.leaves l
                                     WHERE l.leaf_index = keep_checkpoint.tree_size - 1) THEN
    RETURN false;
  END IF;
  INSERT INTO ledger.nodes (level, node_index, hash) SELECT * FROM unnest(levels, indexes, hashes);
  INSERT INTO ledger.checkpoints (tree_size, root_hash, note)
    VALUES (keep_checkpoint.tree_size, keep_checkpoint.root_hash, keep_checkpoint.note);
  RETURN true;
END $$;
ALTER FUNCTION ledger.keep_checkpoint OWNER TO countersign_owner;

-- The function is the one way in.
REVOKE INSERT ON ledger.nodes, ledger.checkpoints FROM countersign_audit;
GRANT SELECT, INSERT ON ledger.nodes, ledger.checkpoints TO countersign_owner;
GRANT EXECUTE ON FUNCTION ledger.keep_checkpoint TO countersign_audit;
GRANT SELECT, INSERT ON ledger.cosignatures TO countersign_audit;
