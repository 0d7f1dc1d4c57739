-- Others may vote after a while, an agreement is carried over a change of policy, and who broke the glass is reviewed.
INSERT INTO ledger.kinds (kind, writer) VALUES
  ('approval_escalated', 'countersign_approval'),
  ('approval_carried', 'countersign_approval'),
  ('approval_reviewed', 'countersign_approval');
