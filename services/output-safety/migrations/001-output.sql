-- Screened outputs: what may be read, and sealed what may not. Only output-safety reads or writes the content; the
-- scheduler sees how each screening ended and never what was screened.
CREATE SCHEMA output;
REVOKE ALL ON SCHEMA output FROM PUBLIC;
GRANT USAGE ON SCHEMA output TO countersign_output_safety, countersign_scheduler;

CREATE TABLE output.results (
  dispatch_id uuid PRIMARY KEY,
  tenant text NOT NULL,
  job_id text NOT NULL,
  attempt integer NOT NULL,
  pool text NOT NULL,
  worker text NOT NULL,
  status text NOT NULL CHECK (status IN ('succeeded', 'failed', 'stopped', 'timed_out')),
  retryable boolean NOT NULL,
  output_decision text NOT NULL CHECK (output_decision IN ('allow', 'redact', 'quarantine')),
  rule_id text,
  -- Why; a fixed phrase or the rule's own reason, never anything of the output.
  reason text NOT NULL,
  -- Null when the tenant had no policy: then everything is quarantined.
  policy_version bigint,
  policy_snapshot text,
  policy_epoch bigint,
  -- Type, place and count of each match, never the match.
  findings jsonb NOT NULL,
  -- Salted, over the output as the worker signed it.
  output_digest text NOT NULL,
  -- Base64url; erased together with the content, so that a short secret can't be guessed back.
  salt text,
  -- Canonical JSON of what may be read once the job names this dispatch id.
  content text,
  -- The raw output under AES-256-GCM (iv, tag, ciphertext) and the key's fingerprint.
  sealed bytea,
  seal_key_id text,
  duration_ms bigint NOT NULL,
  screened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  traceparent text NOT NULL,
  CHECK (output_decision <> 'quarantine' OR content IS NULL),
  CHECK (output_decision <> 'allow' OR sealed IS NULL),
  CHECK ((sealed IS NULL) = (seal_key_id IS NULL))
);
CREATE INDEX results_of_job ON output.results (tenant, job_id);

-- How often a dispatch had a result refused: the ledger gets a bounded number of entries for each.
CREATE TABLE output.rejections (
  dispatch_id uuid PRIMARY KEY,
  count integer NOT NULL CHECK (count >= 1)
);

GRANT SELECT, INSERT ON output.results TO countersign_output_safety;
GRANT SELECT, INSERT, UPDATE (count) ON output.rejections TO countersign_output_safety;

-- How each screening ended: digests and decisions, never content.
CREATE VIEW output.outcomes AS
  SELECT dispatch_id, tenant, job_id, status, retryable, output_decision, rule_id, output_digest, duration_ms, screened_at
  FROM output.results;
GRANT SELECT ON output.outcomes TO countersign_scheduler;
