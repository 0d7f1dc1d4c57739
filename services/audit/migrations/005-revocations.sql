-- One way to revoke, and one place where it stands. A subject in `control.revocations` is a principal's id, or
-- `key:<key_id>`, or `worker:<pool>/<worker>`; a colon can be in no principal's id. The tables of schema `identity` are
-- made by ingress' migrations, which also let these functions read them.
DROP FUNCTION control.revoke(text, text, text);

-- Who changes `control`: the principal whose key a door has verified, or the login role where no key was used. What a
-- caller says of itself never reaches the evidence. CS006 for a key that nobody may use.
CREATE FUNCTION control.actor_of(by_key text) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  who record;
BEGIN
  IF by_key IS NULL THEN
    RETURN jsonb_build_object('actor', session_user, 'actor_tenant', NULL, 'auth_method', 'database', 'by_key', NULL);
  END IF;
  SELECT p.principal_id, p.tenant INTO who
  FROM identity.api_keys k JOIN identity.principals p USING (principal_id)
  WHERE k.key_id = by_key AND coalesce(k.expires_at > clock_timestamp(), true)
    AND NOT EXISTS (SELECT FROM control.revocations r WHERE r.subject IN (p.principal_id, 'key:' || k.key_id));
  IF NOT FOUND THEN
    RAISE EXCEPTION 'actor_unknown' USING ERRCODE = 'CS006';
  END IF;
  RETURN jsonb_build_object('actor', who.principal_id, 'actor_tenant', who.tenant, 'auth_method', 'api_key',
    'by_key', by_key);
END $$;

-- What is to be revoked, as `identity` knows it; no row when it knows none. `id` is a principal's id, a key's id, or
-- `<pool>/<worker>`. A worker belongs to a pool and to no tenant.
CREATE FUNCTION control.revocable(kind text, id text)
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
    FROM identity.workers w WHERE revocable.kind = 'worker' AND w.pool || '/' || w.worker = revocable.id;
END $$;

-- Revokes a principal with all its keys, one key, or a worker, for good, and returns the revision. Again changes nothing.
-- `by_key`: id of the key that asks for it; none for the login role itself. Refusals: CS004 there is no such subject, or
-- it is another tenant's; CS005 no reason, or more than 500 characters of it; CS006 as above.
CREATE FUNCTION control.revoke(kind text, id text, reason text, by_key text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  new_revision bigint := control.begin_change();
  who jsonb := control.actor_of(revoke.by_key);
  target record;
BEGIN
  IF coalesce(char_length(revoke.reason), 0) NOT BETWEEN 1 AND 500 THEN
    RAISE EXCEPTION 'reason_missing' USING ERRCODE = 'CS005';
  END IF;
  SELECT * INTO target FROM control.revocable(revoke.kind, revoke.id);
  IF NOT FOUND OR target.tenant <> who ->> 'actor_tenant' THEN
    RAISE EXCEPTION 'identity_unknown' USING ERRCODE = 'CS004';
  END IF;
  INSERT INTO control.revocations (subject, revoked_at) VALUES (target.subject, clock_timestamp())
  ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN RETURN new_revision - 1; END IF;
  PERFORM control.finish_change(new_revision, target.chain, 'identity_revoked', target.tenant,
    who || jsonb_build_object('what', revoke.kind, 'id', revoke.id, 'subject', target.subject,
      'principal', target.principal, 'tenant', target.tenant, 'reason', revoke.reason));
  RETURN new_revision;
END $$;

ALTER FUNCTION control.actor_of OWNER TO countersign_owner;
ALTER FUNCTION control.revocable OWNER TO countersign_owner;
ALTER FUNCTION control.revoke OWNER TO countersign_owner;
GRANT EXECUTE ON FUNCTION control.revoke TO countersign_ingress;
-- The door reads it with each credential.
GRANT SELECT ON control.revocations TO countersign_ingress;
