-- When each worker was heard of last, busy or not; behind by the time between two writes.
CREATE TABLE scheduler.worker_sightings (
  pool text COLLATE "C" NOT NULL,
  worker text COLLATE "C" NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (pool, worker)
);
GRANT SELECT, INSERT, UPDATE ON scheduler.worker_sightings TO countersign_scheduler;
