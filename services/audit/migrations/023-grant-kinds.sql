-- A job that a grant let through, and the end of a grant before its time.
INSERT INTO ledger.kinds (kind, writer) VALUES
  ('approval_by_grant', 'countersign_approval'),
  ('approval_grant_revoked', 'countersign_approval');
