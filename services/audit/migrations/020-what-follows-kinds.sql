-- On the chain of a job that has ended: which other job was made of it, and that nobody will retry it.
INSERT INTO ledger.kinds (kind, writer) VALUES
  ('job_followed', 'countersign_scheduler'),
  ('dead_letter_discarded', 'countersign_scheduler');
