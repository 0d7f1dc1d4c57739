-- Who lets whom act on its behalf: given by the principal itself, for a time, and revoked like everything else. Without a row
-- nobody acts for anybody.
CREATE TABLE identity.delegations (
  delegation_id uuid PRIMARY KEY,
  principal_id text NOT NULL REFERENCES identity.principals,
  delegate_id text NOT NULL REFERENCES identity.principals,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  CHECK (principal_id <> delegate_id)
);
CREATE INDEX delegations_pair ON identity.delegations (principal_id, delegate_id);
CREATE INDEX delegations_delegate ON identity.delegations (delegate_id);

GRANT SELECT, INSERT ON identity.delegations TO countersign_ingress;
GRANT SELECT ON identity.delegations TO countersign_owner;

-- On whose behalf a token acts, first to last, where it was made for that; its submissions name nobody else.
ALTER TABLE identity.tokens ADD COLUMN on_behalf_of text[] NOT NULL DEFAULT '{}';

-- Given or made without its entry, neither commits.
CREATE CONSTRAINT TRIGGER evidence AFTER INSERT OR UPDATE ON identity.delegations
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION control.require_entry();
CREATE CONSTRAINT TRIGGER evidence AFTER INSERT OR UPDATE ON identity.tokens
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION control.require_entry();
ALTER TABLE identity.delegations ENABLE ALWAYS TRIGGER evidence;
ALTER TABLE identity.tokens ENABLE ALWAYS TRIGGER evidence;
