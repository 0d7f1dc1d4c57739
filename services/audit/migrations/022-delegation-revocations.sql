-- As before (021), and a delegation.
CREATE OR REPLACE FUNCTION control.revocable(kind text, id text)
RETURNS TABLE (subject text, chain text, tenant text, principal text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT p.principal_id, 'identity:' || p.principal_id, p.tenant, p.principal_id
    FROM identity.principals p WHERE revocable.kind = 'principal' AND p.principal_id = revocable.id
    UNION ALL
    SELECT 'key:' || k.key_id, 'identity:' || p.principal_id, p.tenant, p.principal_id
    FROM identity.api_keys k JOIN identity.principals p USING (principal_id)
    WHERE revocable.kind = 'api_key' AND k.key_id = revocable.id
    UNION ALL
    SELECT 'worker:' || w.pool || '/' || w.worker, 'identity:' || w.worker, NULL, NULL
    FROM identity.workers w WHERE revocable.kind = 'worker' AND w.pool || '/' || w.worker = revocable.id
    UNION ALL
    SELECT 'token:' || t.token_id, 'identity:' || p.principal_id, p.tenant, p.principal_id
    FROM identity.tokens t JOIN identity.principals p USING (principal_id)
    WHERE revocable.kind = 'token' AND t.token_id::text = revocable.id
    UNION ALL
    SELECT 'bus:' || u.nkey, 'identity:' || coalesce(u.principal_id, u.tenant), u.tenant, u.principal_id
    FROM identity.bus_users u WHERE revocable.kind = 'bus_user' AND u.nkey = revocable.id
    UNION ALL
    SELECT 'delegation:' || d.delegation_id, 'identity:' || p.principal_id, p.tenant, p.principal_id
    FROM identity.delegations d JOIN identity.principals p USING (principal_id)
    WHERE revocable.kind = 'delegation' AND d.delegation_id::text = revocable.id;
END $$;
