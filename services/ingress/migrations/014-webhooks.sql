-- Where people are told outside of this system. The audit service, which follows the log, sends; it reads these rows.
CREATE TABLE identity.webhooks (
  webhook_id text COLLATE "C" PRIMARY KEY CHECK (webhook_id ~ '^wh-[0-9a-f]{16}$'),
  tenant text NOT NULL REFERENCES identity.tenants,
  -- The origin; the whole address is sealed under the key `key_id`, since what stands in it may be a secret.
  target text NOT NULL,
  sealed_url bytea NOT NULL,
  key_id text NOT NULL,
  format text NOT NULL,
  events text[] NOT NULL,
  -- It hears of entries from this leaf on.
  since_leaf bigint NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz
);
CREATE INDEX webhooks_listed ON identity.webhooks (tenant, webhook_id);
CREATE INDEX webhooks_open ON identity.webhooks (webhook_id) WHERE ended_at IS NULL;

GRANT SELECT, INSERT ON identity.webhooks TO countersign_ingress;
-- With its end the address is erased.
GRANT UPDATE (ended_at, sealed_url) ON identity.webhooks TO countersign_ingress;
CREATE CONSTRAINT TRIGGER evidence AFTER INSERT OR UPDATE ON identity.webhooks
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION control.require_entry();
ALTER TABLE identity.webhooks ENABLE ALWAYS TRIGGER evidence;

GRANT USAGE ON SCHEMA identity TO countersign_audit;
GRANT SELECT ON identity.webhooks TO countersign_audit;
