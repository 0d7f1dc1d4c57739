-- Short-lived credentials: tokens by exchange, and the nonces of signed HTTP requests. Rows are added, and deleted once they
-- have expired; a token that is revoked stands in `control.revocations` like everything else.

-- A token that no row knows is worth nothing, whoever signed it. `key_id` is the API key that it was made from, or
-- `signing_key` the agent's public key that asked for it: a token ends with either.
CREATE TABLE identity.tokens (
  token_id uuid PRIMARY KEY,
  principal_id text NOT NULL REFERENCES identity.principals,
  key_id text REFERENCES identity.api_keys,
  signing_key text CHECK (signing_key ~ '^[A-Za-z0-9_-]{43}$'),
  scope text[] NOT NULL CHECK (cardinality(scope) > 0),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  CHECK ((key_id IS NULL) <> (signing_key IS NULL))
);
CREATE INDEX tokens_principal ON identity.tokens (principal_id);
CREATE INDEX tokens_expired ON identity.tokens (expires_at);

-- A nonce stands here until no clock of ours would take its request any more: for every replica, and after every restart.
CREATE TABLE identity.nonces (
  principal_id text NOT NULL REFERENCES identity.principals,
  nonce text NOT NULL CHECK (nonce ~ '^[A-Za-z0-9_-]{16,64}$'),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (principal_id, nonce)
);
CREATE INDEX nonces_expired ON identity.nonces (expires_at);

GRANT SELECT, INSERT, DELETE ON identity.tokens, identity.nonces TO countersign_ingress;
GRANT SELECT ON identity.tokens TO countersign_owner;
