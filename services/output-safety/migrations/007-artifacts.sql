-- Artifacts: files that workers put beside their results. Their bytes lie sealed in the artifact store under a key of each one's own,
-- which stands here, sealed too: without it nothing of the file can be read any more.
CREATE TABLE output.artifacts (
  artifact_id uuid PRIMARY KEY,
  dispatch_id uuid NOT NULL,
  claim_id uuid NOT NULL,
  tenant text NOT NULL,
  job_id text NOT NULL,
  topic text NOT NULL,
  capability text,
  -- open: parts come; ended: to be screened; screened: may be named; refused: not what was announced.
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'ended', 'screened', 'refused')),
  -- Where its parts lie: each name is made of the part's content, so that none is changed once it stands here.
  blobs text[] NOT NULL DEFAULT '{}',
  bytes bigint NOT NULL DEFAULT 0,
  name text,
  -- SHA-256 of its bytes; erased together with the salt, as the ledger has only the salted one.
  digest text,
  salt text,
  artifact_digest text,
  sealed_key bytea,
  seal_key_id text,
  decision text CHECK (decision IN ('allow', 'redact', 'quarantine')),
  rule_id text,
  reason text,
  findings jsonb NOT NULL DEFAULT '[]',
  fail_mode text,
  policy_epoch bigint,
  -- What may be read: the same, or of an artifact that was redacted a copy that is one part.
  shown_blobs text[] NOT NULL DEFAULT '{}',
  shown_name text,
  shown_digest text,
  shown_bytes bigint,
  -- Its place in the result that names it.
  place integer,
  named_at timestamptz,
  erased_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  busy_until timestamptz,
  -- When to look whether it, or a part of it, is needed any more; null: it is.
  clean_at timestamptz DEFAULT clock_timestamp()
);
CREATE INDEX artifacts_of_dispatch ON output.artifacts (dispatch_id);
CREATE INDEX artifacts_of_job ON output.artifacts (tenant, job_id);
CREATE INDEX artifacts_ended ON output.artifacts (created_at) WHERE state = 'ended';
CREATE INDEX artifacts_to_clean ON output.artifacts (clean_at) WHERE clean_at IS NOT NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON output.artifacts TO countersign_output_safety;
