-- When each worker claimed something last, to the minute; the empty name says since when that is kept.
CREATE TABLE scheduler.worker_uses (
  pool text COLLATE "C" NOT NULL,
  worker text COLLATE "C" NOT NULL,
  last_used_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (pool, worker)
);
INSERT INTO scheduler.worker_uses (pool, worker) VALUES ('', '');
GRANT SELECT, INSERT, UPDATE ON scheduler.worker_uses TO countersign_scheduler;
