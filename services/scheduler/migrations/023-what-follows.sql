-- What follows a job after its end, which is changed no more. None of it is written for a job that nothing follows.

-- Jobs that failed or ran out of time, until somebody has looked at them.
CREATE TABLE scheduler.dead_letters (
  tenant text NOT NULL,
  job_id text NOT NULL,
  ended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  settled text CHECK (settled IN ('retried', 'discarded')),
  settled_by text,
  settled_at timestamptz,
  settled_reason text,
  retried_as text,
  PRIMARY KEY (tenant, job_id)
);
CREATE INDEX dead_letters_open ON scheduler.dead_letters (tenant COLLATE "C", ended_at DESC, job_id DESC) WHERE settled IS NULL;
CREATE INDEX dead_letters_listed ON scheduler.dead_letters (tenant COLLATE "C", ended_at DESC, job_id DESC);
INSERT INTO scheduler.dead_letters (tenant, job_id, ended_at)
SELECT tenant, job_id, updated_at FROM scheduler.jobs WHERE state IN ('failed', 'timed_out');

-- What would go on through the gates instead; taken once.
CREATE TABLE scheduler.offers (
  tenant text NOT NULL,
  job_id text NOT NULL,
  offer_id text NOT NULL,
  source text NOT NULL CHECK (source IN ('policy', 'approver')),
  remediation jsonb NOT NULL,
  reason text NOT NULL,
  offered_by text,
  offered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  taken_as text,
  PRIMARY KEY (tenant, job_id, offer_id)
);

-- Which job is made of which other, and who asked for it.
CREATE TABLE scheduler.follow_ups (
  tenant text NOT NULL,
  job_id text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('remediates', 'compensates', 'retries')),
  of_job_id text NOT NULL,
  asked_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant, job_id)
);
CREATE INDEX follow_ups_of ON scheduler.follow_ups (tenant, of_job_id, created_at);

GRANT SELECT, INSERT, UPDATE ON scheduler.dead_letters, scheduler.offers TO countersign_scheduler;
GRANT SELECT, INSERT ON scheduler.follow_ups TO countersign_scheduler;
