-- The registry that is changed at run time: what may change of an identity, groups as rows, keys by tenant, last use.
-- Whatever is made or changed here has its entry in the same transaction, or does not commit.

-- A group is a row, so that a person cannot be put into a name that nobody meant. Who is in it stands with the person.
CREATE TABLE identity.groups (
  tenant text NOT NULL REFERENCES identity.tenants,
  group_name text NOT NULL CHECK (group_name ~ '^[a-z0-9_-]{1,64}$'),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Then nobody is in it, and nobody can be put into it.
  ended_at timestamptz,
  PRIMARY KEY (tenant, group_name)
);
INSERT INTO identity.groups (tenant, group_name)
SELECT DISTINCT p.tenant, g.name FROM identity.principals p CROSS JOIN unnest(p.groups) AS g (name);

ALTER TABLE identity.api_keys ADD COLUMN tenant text REFERENCES identity.tenants;
UPDATE identity.api_keys k SET tenant = p.tenant FROM identity.principals p WHERE p.principal_id = k.principal_id;
ALTER TABLE identity.api_keys ALTER COLUMN tenant SET NOT NULL;
DROP INDEX identity.api_keys_principal;
CREATE INDEX api_keys_principal ON identity.api_keys (principal_id, key_id);
CREATE INDEX api_keys_listed ON identity.api_keys (tenant, key_id);
CREATE INDEX principals_listed ON identity.principals (tenant, type, principal_id);

-- The NATS user that a worker connects as; the private half never leaves the worker.
ALTER TABLE identity.workers ADD COLUMN bus_key text UNIQUE CHECK (bus_key ~ '^U[A-Z2-7]{55}$');

-- When a credential was used last: a key as `key:<id>`, a principal that signed by its id. Written behind the answers.
CREATE TABLE identity.uses (
  subject text COLLATE "C" PRIMARY KEY,
  last_used_at timestamptz NOT NULL
);

GRANT SELECT, INSERT ON identity.groups, identity.uses TO countersign_ingress;
GRANT UPDATE (ended_at) ON identity.groups TO countersign_ingress;
GRANT UPDATE (last_used_at) ON identity.uses TO countersign_ingress;
-- A ceiling changes through `control.change_ceiling` alone, so that it binds what waits too.
GRANT UPDATE (owner, groups, signing_key) ON identity.principals TO countersign_ingress;
GRANT UPDATE (permissions, expires_at) ON identity.api_keys TO countersign_ingress;
GRANT SELECT ON identity.tenants TO countersign_owner;
GRANT UPDATE (ceiling) ON identity.principals TO countersign_owner;

CREATE CONSTRAINT TRIGGER evidence AFTER INSERT OR UPDATE ON identity.principals
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION control.require_entry();
CREATE CONSTRAINT TRIGGER evidence AFTER INSERT OR UPDATE ON identity.api_keys
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION control.require_entry();
CREATE CONSTRAINT TRIGGER evidence AFTER INSERT OR UPDATE ON identity.workers
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION control.require_entry();
CREATE CONSTRAINT TRIGGER evidence AFTER INSERT OR UPDATE ON identity.groups
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION control.require_entry();
CREATE CONSTRAINT TRIGGER evidence AFTER INSERT OR UPDATE ON identity.tenants
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION control.require_entry();
ALTER TABLE identity.principals ENABLE ALWAYS TRIGGER evidence;
ALTER TABLE identity.api_keys ENABLE ALWAYS TRIGGER evidence;
ALTER TABLE identity.workers ENABLE ALWAYS TRIGGER evidence;
ALTER TABLE identity.groups ENABLE ALWAYS TRIGGER evidence;
ALTER TABLE identity.tenants ENABLE ALWAYS TRIGGER evidence;
