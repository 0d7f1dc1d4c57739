-- A revocation stands in `control.revocations` alone, where `control.revoke` put it together with its evidence. The
-- columns that could be changed without either are gone; what they said is kept.
INSERT INTO control.revocations (subject, revoked_at)
SELECT principal_id, revoked_at FROM identity.principals WHERE revoked_at IS NOT NULL
UNION ALL
SELECT 'key:' || key_id, revoked_at FROM identity.api_keys WHERE revoked_at IS NOT NULL
UNION ALL
SELECT 'worker:' || pool || '/' || worker, revoked_at FROM identity.workers WHERE revoked_at IS NOT NULL
UNION ALL
-- Asked for by its id alone, which until now revoked nothing.
SELECT 'key:' || k.key_id, r.revoked_at FROM control.revocations r JOIN identity.api_keys k ON k.key_id = r.subject
ON CONFLICT DO NOTHING;

ALTER TABLE identity.principals DROP COLUMN revoked_at;
ALTER TABLE identity.api_keys DROP COLUMN revoked_at;
ALTER TABLE identity.workers DROP COLUMN revoked_at;

GRANT USAGE ON SCHEMA identity TO countersign_owner;
GRANT SELECT ON identity.principals, identity.api_keys, identity.workers TO countersign_owner;
