-- A signing key is replaced with an overlap: the one before goes on until its end, and counts for nothing afterwards. A worker's
-- key could not be replaced until now, an agent's only at once.
ALTER TABLE identity.principals
  ADD COLUMN former_key text UNIQUE CHECK (former_key ~ '^[A-Za-z0-9_-]{43}$'),
  ADD COLUMN former_key_until timestamptz,
  ADD CHECK ((former_key IS NULL) = (former_key_until IS NULL)),
  ADD CHECK (former_key IS NULL OR signing_key IS NOT NULL);
ALTER TABLE identity.workers
  ADD COLUMN former_key text UNIQUE CHECK (former_key ~ '^[A-Za-z0-9_-]{43}$'),
  ADD COLUMN former_key_until timestamptz,
  ADD CHECK ((former_key IS NULL) = (former_key_until IS NULL));

GRANT UPDATE (former_key, former_key_until) ON identity.principals TO countersign_ingress;
GRANT UPDATE (public_key, former_key, former_key_until) ON identity.workers TO countersign_ingress;
