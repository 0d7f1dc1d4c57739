-- A worker took up a newer version of what it works by.
INSERT INTO ledger.kinds (kind, writer) VALUES ('worker_record_taken', 'countersign_scheduler');
