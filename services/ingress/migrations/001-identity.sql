-- Who may ask: tenants, principals, API keys (only their SHA-256), workers. Rows are added and revoked, never rewritten.
CREATE SCHEMA identity;
REVOKE ALL ON SCHEMA identity FROM PUBLIC;
GRANT USAGE ON SCHEMA identity TO countersign_ingress, countersign_scheduler, countersign_output_safety;

CREATE TABLE identity.tenants (
  tenant text PRIMARY KEY CHECK (tenant ~ '^[a-z0-9_-]{1,64}$' AND tenant <> '_'),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- An agent has an owner and a ceiling, or it does not exist: without an owner anybody could approve its jobs.
CREATE TABLE identity.principals (
  principal_id text PRIMARY KEY CHECK (principal_id ~ '^[a-z0-9][a-z0-9_.@-]{0,127}$'),
  tenant text NOT NULL REFERENCES identity.tenants,
  type text NOT NULL CHECK (type IN ('agent', 'human')),
  owner text REFERENCES identity.principals,
  groups text[] NOT NULL DEFAULT '{}',
  ceiling jsonb,
  signing_key text UNIQUE CHECK (signing_key ~ '^[A-Za-z0-9_-]{43}$'),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  revoked_at timestamptz,
  CHECK (
    (type = 'agent' AND owner IS NOT NULL AND owner <> principal_id AND ceiling IS NOT NULL AND groups = '{}')
    OR (type = 'human' AND owner IS NULL AND ceiling IS NULL AND signing_key IS NULL)
  )
);

CREATE TABLE identity.api_keys (
  key_id text PRIMARY KEY,
  key_sha256 bytea NOT NULL UNIQUE CHECK (octet_length(key_sha256) = 32),
  principal_id text NOT NULL REFERENCES identity.principals,
  permissions text[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz,
  revoked_at timestamptz
);
CREATE INDEX api_keys_principal ON identity.api_keys (principal_id);

CREATE TABLE identity.workers (
  worker text NOT NULL CHECK (worker ~ '^[a-z0-9_-]{1,64}$'),
  pool text NOT NULL CHECK (pool ~ '^[a-z0-9_-]{1,64}$'),
  public_key text NOT NULL UNIQUE CHECK (public_key ~ '^[A-Za-z0-9_-]{43}$'),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  revoked_at timestamptz,
  -- A worker's name is its pool's: two pools may each have a `w1`.
  PRIMARY KEY (pool, worker)
);

GRANT SELECT, INSERT ON identity.tenants, identity.principals, identity.api_keys, identity.workers TO countersign_ingress;
GRANT UPDATE (revoked_at) ON identity.principals, identity.api_keys, identity.workers TO countersign_ingress;
GRANT SELECT ON identity.workers TO countersign_scheduler, countersign_output_safety;
