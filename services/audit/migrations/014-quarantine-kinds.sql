-- Who opened, released or discarded a quarantined output.
INSERT INTO ledger.kinds (kind, writer) VALUES
  ('quarantine_opened', 'countersign_output_safety'),
  ('quarantine_proposed', 'countersign_output_safety'),
  ('quarantine_released', 'countersign_output_safety'),
  ('quarantine_discarded', 'countersign_output_safety');
