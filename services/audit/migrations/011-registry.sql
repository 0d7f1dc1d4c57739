-- What the registry of identities (ingress' 003) stands on: who changes something without an API key, why something was
-- revoked, which stops are whose, and ceilings that bind what waits as well.
INSERT INTO ledger.kinds (kind, writer) VALUES
  ('identity_changed', 'countersign_ingress'),
  ('entitlements_reviewed', 'countersign_ingress');

ALTER TABLE control.revocations
  ADD COLUMN kind text, ADD COLUMN id text, ADD COLUMN tenant text, ADD COLUMN reason text, ADD COLUMN actor text;
CREATE INDEX revocations_listed ON control.revocations (tenant, subject);

-- Each stop says since when and by whom. One from before says neither.
ALTER TABLE control.switches ADD COLUMN set_at timestamptz, ADD COLUMN set_by text;

-- The ceilings that were changed since their agents were made. A job carries the one that it was admitted under; this one
-- binds it all the same.
CREATE TABLE control.ceilings (
  agent text COLLATE "C" PRIMARY KEY,
  ceiling jsonb NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
GRANT SELECT, INSERT, UPDATE ON control.ceilings TO countersign_owner;

-- As before (005), and also for who came without an API key: by a signature, a token or a login of its own.
DROP FUNCTION control.revoke(text, text, text, text);
DROP FUNCTION control.set_switch(text, text, text, text, boolean, text, text);
DROP FUNCTION control.actor_of(text);

-- Who changes `control`: the principal that a door has authenticated, with a key (`by_key`) or without one, or the login
-- role where both are null. CS006 for a key or principal that may do nothing any more, or that do not belong together.
CREATE FUNCTION control.actor_of(by_key text, by_principal text, auth_method text) RETURNS jsonb
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

-- As before (005).
CREATE FUNCTION control.revoke(
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

-- As before (008), and refuses what it does not know. CS004: the tenant, or the agent of that tenant, does not exist, or
-- there is no such stop to lift; CS005, CS006 as with a revocation. A stop that is another tenant's, or everybody's, is
-- lifted by who may reach it: the door says for which tenant it asks, null for all. The entry of a lifted stop says what it
-- stopped, as it stood, and not what who lifts it says.
CREATE FUNCTION control.set_switch(
  switch_id text, kind text, target text, tenant text, "on" boolean, reason text, by_key text DEFAULT NULL,
  by_principal text DEFAULT NULL, auth_method text DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  new_revision bigint := control.begin_change();
  who jsonb := control.actor_of(set_switch.by_key, set_switch.by_principal, set_switch.auth_method);
  known boolean := true;
  stop record;
BEGIN
  IF coalesce(char_length(set_switch.reason), 0) NOT BETWEEN 1 AND 500 THEN
    RAISE EXCEPTION 'reason_missing' USING ERRCODE = 'CS005';
  END IF;
  IF "on" THEN
    -- Only for who stands in the registry: the login role, which no door is, may stop what is to come.
    IF who ->> 'actor_tenant' IS NOT NULL THEN
      known := CASE set_switch.kind
        WHEN 'tenant' THEN EXISTS (SELECT FROM identity.tenants t WHERE t.tenant = set_switch.target)
          AND coalesce(set_switch.target = set_switch.tenant, true)
        WHEN 'agent' THEN EXISTS (SELECT FROM identity.principals p WHERE p.principal_id = set_switch.target
          AND p.type = 'agent' AND coalesce(p.tenant = set_switch.tenant, true))
        ELSE true END;
    END IF;
    IF NOT known THEN RAISE EXCEPTION 'target_unknown' USING ERRCODE = 'CS004'; END IF;
    INSERT INTO control.switches (switch_id, kind, target, tenant, reason, set_at, set_by)
    VALUES (set_switch.switch_id, set_switch.kind, set_switch.target, set_switch.tenant, set_switch.reason,
      clock_timestamp(), who ->> 'actor')
    ON CONFLICT (switch_id) DO UPDATE SET kind = excluded.kind, target = excluded.target, tenant = excluded.tenant,
      reason = excluded.reason, set_at = excluded.set_at, set_by = excluded.set_by;
    PERFORM control.finish_change(new_revision, 'control', 'switch_set', set_switch.tenant,
      who || jsonb_build_object('switch_id', set_switch.switch_id, 'kind', set_switch.kind, 'target', set_switch.target,
        'tenant', set_switch.tenant, 'on', true, 'reason', set_switch.reason));
    RETURN new_revision;
  END IF;
  DELETE FROM control.switches s WHERE s.switch_id = set_switch.switch_id
    AND (who ->> 'actor_tenant' IS NULL OR set_switch.tenant IS NULL OR s.tenant = set_switch.tenant)
  RETURNING s.kind, s.target, s.tenant INTO stop;
  IF NOT FOUND THEN
    IF who ->> 'actor_tenant' IS NOT NULL THEN RAISE EXCEPTION 'switch_unknown' USING ERRCODE = 'CS004'; END IF;
    -- The login role's drills lift by name what may never have been set.
    SELECT set_switch.kind AS kind, set_switch.target AS target, set_switch.tenant AS tenant INTO stop;
  END IF;
  PERFORM control.finish_change(new_revision, 'control', 'switch_set', stop.tenant,
    who || jsonb_build_object('switch_id', set_switch.switch_id, 'kind', stop.kind, 'target', stop.target,
      'tenant', stop.tenant, 'on', false, 'reason', set_switch.reason));
  RETURN new_revision;
END $$;

-- Changes an agent's ceiling for what it submits from now on and for what waits already, and returns the revision. CS004:
-- the caller's tenant has no such agent; CS006 as above. The same again changes nothing.
CREATE FUNCTION control.change_ceiling(
  agent text, ceiling jsonb, by_key text DEFAULT NULL, by_principal text DEFAULT NULL, auth_method text DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  new_revision bigint := control.begin_change();
  who jsonb := control.actor_of(change_ceiling.by_key, change_ceiling.by_principal, change_ceiling.auth_method);
  before record;
BEGIN
  SELECT p.tenant, p.ceiling INTO before FROM identity.principals p
  WHERE p.principal_id = change_ceiling.agent AND p.type = 'agent'
    AND (who ->> 'actor_tenant' IS NULL OR p.tenant = who ->> 'actor_tenant');
  IF NOT FOUND THEN RAISE EXCEPTION 'identity_unknown' USING ERRCODE = 'CS004'; END IF;
  IF before.ceiling = change_ceiling.ceiling THEN RETURN new_revision - 1; END IF;
  UPDATE identity.principals p SET ceiling = change_ceiling.ceiling WHERE p.principal_id = change_ceiling.agent;
  INSERT INTO control.ceilings (agent, ceiling) VALUES (change_ceiling.agent, change_ceiling.ceiling)
  ON CONFLICT (agent) DO UPDATE SET ceiling = excluded.ceiling, changed_at = clock_timestamp();
  PERFORM control.finish_change(new_revision, 'identity:' || change_ceiling.agent, 'identity_changed', before.tenant,
    who || jsonb_build_object('what', 'agent', 'id', change_ceiling.agent, 'tenant', before.tenant,
      'ceiling', change_ceiling.ceiling, 'former_ceiling', before.ceiling));
  RETURN new_revision;
END $$;

-- As before (006), with the ceilings of whoever of the subjects has another one than it was made with.
CREATE OR REPLACE FUNCTION control.known(tenants text[], subjects text[]) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object(
    'revision', (SELECT r.revision FROM control.revision r),
    'policies', (
      SELECT coalesce(jsonb_object_agg(t.tenant, jsonb_build_object(
        'scope', p.scope, 'version', p.version, 'snapshot', p.snapshot, 'epoch', p.epoch)), '{}')
      FROM (SELECT DISTINCT u.tenant FROM unnest(tenants) AS u (tenant)) AS t
      CROSS JOIN LATERAL (
        SELECT * FROM control.policies c WHERE c.scope IN (t.tenant, '*') ORDER BY c.scope = '*' LIMIT 1
      ) AS p),
    'switches', (
      SELECT coalesce(jsonb_agg(jsonb_build_object(
        'switch_id', s.switch_id, 'kind', s.kind, 'target', s.target, 'tenant', s.tenant, 'reason', s.reason)
        ORDER BY s.switch_id), '[]')
      FROM control.switches s WHERE s.tenant IS NULL OR s.tenant = ANY (tenants)),
    'revoked', (
      SELECT coalesce(jsonb_agg(r.subject ORDER BY r.subject), '[]')
      FROM control.revocations r WHERE r.subject = ANY (subjects)),
    'ceilings', (
      SELECT coalesce(jsonb_object_agg(c.agent, c.ceiling), '{}')
      FROM control.ceilings c WHERE c.agent = ANY (subjects)))
$$;

-- The stops that reach this tenant, `{ switch_id, kind, target, tenant, reason, set_at, set_by }`; null for every stop.
CREATE FUNCTION control.stops(of_tenant text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('switch_id', s.switch_id, 'kind', s.kind, 'target', s.target,
    'tenant', s.tenant, 'reason', s.reason, 'set_at', control.instant(s.set_at), 'set_by', s.set_by)
    ORDER BY s.switch_id), '[]')
  FROM control.switches s WHERE of_tenant IS NULL OR s.tenant IS NULL OR s.tenant = of_tenant
$$;

-- Nothing of the registry is made or changed without its evidence: a row that commits without an entry of the same
-- transaction on the same chain is refused. A superuser is beyond any trigger.
CREATE FUNCTION control.require_entry() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  made jsonb := to_jsonb(NEW);
  wanted text := 'identity:' || coalesce(made ->> 'principal_id', made ->> 'worker', made ->> 'tenant');
BEGIN
  IF NOT EXISTS (SELECT FROM ledger.entries e WHERE e.xid = pg_current_xact_id() AND e.chain = wanted)
     AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = session_user AND r.rolsuper) THEN
    RAISE EXCEPTION 'the registry was changed without evidence: %', wanted USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NULL;
END $$;

ALTER FUNCTION control.actor_of OWNER TO countersign_owner;
ALTER FUNCTION control.revoke OWNER TO countersign_owner;
ALTER FUNCTION control.set_switch OWNER TO countersign_owner;
ALTER FUNCTION control.change_ceiling OWNER TO countersign_owner;
ALTER FUNCTION control.stops OWNER TO countersign_owner;
ALTER FUNCTION control.require_entry OWNER TO countersign_owner;
GRANT EXECUTE ON FUNCTION control.revoke, control.change_ceiling TO countersign_ingress;
GRANT EXECUTE ON FUNCTION control.set_switch, control.stops TO countersign_scheduler;
