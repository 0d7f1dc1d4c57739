-- A single token, a key by which somebody is let into NATS (`bus:<nkey>`) and a delegation can be revoked: known ones only, by
-- their tenant's, with evidence, as 005 does for the others.
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

-- Drops the revocations of these tokens, which have expired: nothing takes them any more, and the ledger remembers. It
-- changes nothing that a gate could judge by, so it needs neither the lock nor a revision.
CREATE FUNCTION control.forget_tokens(ids uuid[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM control.revocations r WHERE r.subject = ANY (ARRAY(SELECT 'token:' || u.id FROM unnest(ids) AS u (id)))
    AND NOT EXISTS (SELECT FROM identity.tokens t WHERE t.token_id = ANY (ids) AND 'token:' || t.token_id = r.subject
                    AND t.expires_at > clock_timestamp());
END $$;

ALTER FUNCTION control.revocable OWNER TO countersign_owner;
ALTER FUNCTION control.forget_tokens OWNER TO countersign_owner;
REVOKE ALL ON FUNCTION control.forget_tokens FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control.forget_tokens TO countersign_ingress;
GRANT DELETE ON control.revocations TO countersign_owner;
