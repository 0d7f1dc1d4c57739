-- Reviews: opened when a marked job has run, and signed off by somebody else. `approval_reviewed` is of old entries alone.
INSERT INTO ledger.kinds (kind, writer) VALUES
  ('run_review_opened', 'countersign_approval'),
  ('review_signed', 'countersign_approval');
