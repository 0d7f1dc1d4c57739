-- Revision 1. Revocations, and who asks for them.

-- Revokes a principal with all its keys, one key, a worker, a token, a NATS user or a delegation, for good, and returns the
-- revision. Again changes nothing. Refusals: CS004 there is no such subject, or it is another tenant's; CS005 no reason, or more
-- than 500 characters of it; CS006 as control.actor_of.
CREATE OR REPLACE FUNCTION control.revoke(
  kind text, id text, reason text, by_key text DEFAULT NULL, by_principal text DEFAULT NULL, auth_method text DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  new_revision bigint := control.begin_change();
  who jsonb := control.actor_of(revoke.by_key, revoke.by_principal, revoke.auth_method);
  target record;
BEGIN
  IF coalesce(char_length(revoke.reason), 0) NOT BETWEEN 1 AND 500 THEN
    RAISE EXCEPTION 'reason_missing' USING ERRCODE = 'CS005';
  END IF;
  SELECT * INTO target FROM control.revocable(revoke.kind, revoke.id);
  IF NOT FOUND OR target.tenant <> who ->> 'actor_tenant' THEN
    RAISE EXCEPTION 'identity_unknown' USING ERRCODE = 'CS004';
  END IF;
  INSERT INTO control.revocations (subject, revoked_at, kind, id, tenant, reason, actor)
  VALUES (target.subject, clock_timestamp(), revoke.kind, revoke.id, target.tenant, revoke.reason, who ->> 'actor')
  ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN RETURN new_revision - 1; END IF;
  PERFORM control.finish_change(new_revision, target.chain, 'identity_revoked', target.tenant,
    who || jsonb_build_object('what', revoke.kind, 'id', revoke.id, 'subject', target.subject,
      'principal', target.principal, 'tenant', target.tenant, 'reason', revoke.reason));
  RETURN new_revision;
END $$;

-- What is to be revoked, as `identity` knows it; no row when it knows none. `id` is a principal's id, a key's, a token's or a
-- delegation's id, `<pool>/<worker>`, or the key by which somebody is let into NATS. A worker belongs to a pool and to no tenant.
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

-- Who changes `control`: the principal that a door has authenticated, with a key (`by_key`) or without one, or the login
-- role where both are null. CS006 for a key or principal that may do nothing any more, or that do not belong together.
CREATE OR REPLACE FUNCTION control.actor_of(by_key text, by_principal text, auth_method text) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  who record;
BEGIN
  IF by_key IS NULL AND by_principal IS NULL THEN
    RETURN jsonb_build_object('actor', session_user, 'actor_tenant', NULL, 'auth_method', 'database', 'by_key', NULL);
  END IF;
  IF by_key IS NULL THEN
    SELECT p.principal_id, p.tenant INTO who FROM identity.principals p
    WHERE p.principal_id = by_principal
      AND NOT EXISTS (SELECT FROM control.revocations r WHERE r.subject = p.principal_id);
  ELSE
    SELECT p.principal_id, p.tenant INTO who
    FROM identity.api_keys k JOIN identity.principals p USING (principal_id)
    WHERE k.key_id = by_key AND coalesce(k.expires_at > clock_timestamp(), true)
      AND coalesce(p.principal_id = by_principal, true)
      AND NOT EXISTS (SELECT FROM control.revocations r WHERE r.subject IN (p.principal_id, 'key:' || k.key_id));
  END IF;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'actor_unknown' USING ERRCODE = 'CS006';
  END IF;
  RETURN jsonb_build_object('actor', who.principal_id, 'actor_tenant', who.tenant,
    'auth_method', coalesce(auth_method, 'api_key'), 'by_key', by_key);
END $$;
