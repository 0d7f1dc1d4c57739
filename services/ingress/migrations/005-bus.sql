-- Who uses the bus beside the services. A row is all that a worker, a tenant's agents or its auditors need to be let in:
-- ingress answers nats-server from here for each connection. Rows are added, never changed; a revocation stands in `control`.

-- By which a worker is let in; the private half never leaves it.
ALTER TABLE identity.workers ADD COLUMN IF NOT EXISTS bus_key text UNIQUE CHECK (bus_key ~ '^U[A-Z2-7]{55}$');
-- Its inbox is named so: two of a pool never share one.
CREATE UNIQUE INDEX workers_inbox ON identity.workers (pool, left('worker-' || pool || '-' || worker, 64))
  WHERE bus_key IS NOT NULL;

-- A tenant may have several keys of a kind: a new one comes before the old one is revoked. One that a principal holds
-- alone ends with the principal.
CREATE TABLE identity.bus_users (
  nkey text COLLATE "C" PRIMARY KEY CHECK (nkey ~ '^U[A-Z2-7]{55}$'),
  kind text NOT NULL CHECK (kind IN ('agent', 'auditor')),
  tenant text NOT NULL REFERENCES identity.tenants,
  principal_id text REFERENCES identity.principals,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Which of the accounts in the server's configuration is whose. Never given to another: what was sent for one must not
-- arrive at the next. There are as many as the contracts say (ACCOUNT_SLOTS).
CREATE TABLE identity.bus_accounts (
  kind text NOT NULL CHECK (kind IN ('pool', 'tenant', 'auditor')),
  owner text NOT NULL CHECK (owner ~ '^[a-z0-9_-]{1,64}$'),
  slot integer NOT NULL CHECK (slot BETWEEN 1 AND CASE kind WHEN 'pool' THEN 128 ELSE 64 END),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (kind, owner),
  UNIQUE (kind, slot)
);

-- The account follows from the row, wherever the row comes from. CS010: the key is another's; a check violation of
-- bus_accounts: none is left.
CREATE FUNCTION identity.open_bus_account() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  made jsonb := to_jsonb(NEW);
  new_key text := coalesce(made ->> 'nkey', made ->> 'bus_key');
  new_kind text := CASE coalesce(made ->> 'kind', 'worker')
    WHEN 'worker' THEN 'pool' WHEN 'agent' THEN 'tenant' ELSE 'auditor' END;
  new_owner text := coalesce(made ->> 'pool', made ->> 'tenant');
BEGIN
  IF new_key IS NULL THEN RETURN NULL; END IF;
  -- Two who open accounts at once would take the same one.
  PERFORM pg_advisory_xact_lock(hashtextextended('identity.bus_accounts', 0));
  IF EXISTS (SELECT FROM identity.workers w WHERE w.bus_key = new_key)
     AND EXISTS (SELECT FROM identity.bus_users u WHERE u.nkey = new_key) THEN
    RAISE EXCEPTION 'bus_key_taken' USING ERRCODE = 'CS010';
  END IF;
  IF NOT EXISTS (SELECT FROM identity.bus_accounts a WHERE a.kind = new_kind AND a.owner = new_owner) THEN
    INSERT INTO identity.bus_accounts (kind, owner, slot)
    SELECT new_kind, new_owner, coalesce(max(a.slot), 0) + 1
    FROM identity.bus_accounts a WHERE a.kind = new_kind;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER bus_account AFTER INSERT OR UPDATE OF bus_key ON identity.workers
  FOR EACH ROW EXECUTE FUNCTION identity.open_bus_account();
CREATE TRIGGER bus_account AFTER INSERT ON identity.bus_users
  FOR EACH ROW EXECUTE FUNCTION identity.open_bus_account();

-- A worker that was registered before has none, and is given one, once.
CREATE TRIGGER bus_key_stays BEFORE UPDATE OF bus_key ON identity.workers
  FOR EACH ROW WHEN (OLD.bus_key IS NOT NULL) EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE identity.workers ENABLE ALWAYS TRIGGER bus_key_stays;

GRANT UPDATE (bus_key) ON identity.workers TO countersign_ingress;
GRANT SELECT, INSERT ON identity.bus_accounts, identity.bus_users TO countersign_ingress;
GRANT EXECUTE ON FUNCTION identity.open_bus_account TO countersign_ingress;
GRANT SELECT ON identity.bus_users TO countersign_owner;
