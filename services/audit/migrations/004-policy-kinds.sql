-- What the policy kernel records beside activations and rejections.
INSERT INTO ledger.kinds (kind, writer) VALUES
  ('policy_published', 'countersign_policy_kernel'),
  ('policy_shadow_set', 'countersign_policy_kernel'),
  ('policy_shadow_difference', 'countersign_policy_kernel');
