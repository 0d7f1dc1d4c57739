-- The newest record that each worker said it works by. No older one counts, so a file that was put back is found out.
CREATE TABLE scheduler.worker_records (
  pool text COLLATE "C" NOT NULL,
  worker text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  digest text COLLATE "C" NOT NULL,
  PRIMARY KEY (pool, worker)
);
GRANT SELECT, INSERT, UPDATE ON scheduler.worker_records TO countersign_scheduler;
