-- Sessions of the console: an API key exchanged for a cookie, so that the key itself is in no browser. A row says which key a
-- session stands for and nothing of what it may: that is the key's, today. Rows are added, and deleted once they have ended.

CREATE TABLE identity.sessions (
  session_sha256 bytea PRIMARY KEY CHECK (octet_length(session_sha256) = 32),
  key_id text NOT NULL REFERENCES identity.api_keys,
  -- The key was made by a login for this session alone, and ends with it.
  made_by_login boolean NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- It ends then, whatever is done in it; `expires_at` is sooner, and moves with each use.
  ends_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL CHECK (expires_at <= ends_at)
);
CREATE INDEX sessions_key ON identity.sessions (key_id);
CREATE INDEX sessions_expired ON identity.sessions (expires_at);

GRANT SELECT, INSERT, DELETE, UPDATE (expires_at) ON identity.sessions TO countersign_ingress;
