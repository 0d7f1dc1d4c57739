-- How long content is kept, what is held, what is erased, and by whom.
INSERT INTO ledger.kinds (kind, writer) VALUES
  ('payloads_erased', 'countersign_scheduler'),
  ('retention_set', 'countersign_scheduler'),
  ('hold_set', 'countersign_scheduler'),
  ('hold_lifted', 'countersign_scheduler'),
  ('erasure_asked', 'countersign_scheduler'),
  ('comments_erased', 'countersign_approval'),
  ('outputs_erased', 'countersign_output_safety');

-- Which entry says of which job's content that it was erased: counted like all else here, and made again from the ledger.
CREATE TABLE kpi.erased (
  chain text COLLATE "C" NOT NULL,
  leaf_index bigint NOT NULL,
  PRIMARY KEY (chain, leaf_index)
);
GRANT SELECT, INSERT ON kpi.erased TO countersign_audit;
