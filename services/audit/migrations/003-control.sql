-- What every gate reads inside its transaction: active policies, stops, revocations. It changes only through the
-- functions below, which wait for every gate under way and hold back the next ones until they have committed.
CREATE SCHEMA control;

-- `epoch` is the revision at which the policy became active, so no two activations of any scope share one.
CREATE TABLE control.policies (
  scope text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  snapshot text NOT NULL,
  epoch bigint NOT NULL UNIQUE,
  not_after timestamptz,
  activated_at timestamptz NOT NULL
);

-- A row is a stop in force; the ledger remembers the lifted ones.
CREATE TABLE control.switches (
  switch_id text COLLATE "C" PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('all', 'tenant', 'topic', 'capability', 'pool', 'agent')),
  target text NOT NULL,
  tenant text COLLATE "C",
  reason text NOT NULL
);

CREATE TABLE control.revocations (
  subject text COLLATE "C" PRIMARY KEY,
  revoked_at timestamptz NOT NULL
);

-- One row; grows with every change.
CREATE TABLE control.revision (
  one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
  revision bigint NOT NULL
);
INSERT INTO control.revision (revision) VALUES (0);

-- RFC 8785 text of a body made here. Keys are ours, so byte order is UTF-16 order; a number must be an integer that
-- every reader holds exactly.
CREATE FUNCTION control.canonical(value jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  CASE jsonb_typeof(value)
    WHEN 'object' THEN
      RETURN '{' || coalesce((SELECT string_agg(to_json(m.key)::text || ':' || control.canonical(m.value), ','
        ORDER BY m.key COLLATE "C") FROM jsonb_each(value) AS m), '') || '}';
    WHEN 'array' THEN
      RETURN '[' || coalesce((SELECT string_agg(control.canonical(m.value), ',' ORDER BY m.place)
        FROM jsonb_array_elements(value) WITH ORDINALITY AS m (value, place)), '') || ']';
    WHEN 'string' THEN
      RETURN to_json(value #>> '{}')::text;
    WHEN 'number' THEN
      IF value::numeric <> trunc(value::numeric) OR abs(value::numeric) > 9007199254740991 THEN
        RAISE EXCEPTION 'a number that is not an exact integer' USING ERRCODE = 'invalid_parameter_value';
      END IF;
      RETURN value::numeric::bigint::text;
    ELSE
      RETURN value::text;
  END CASE;
END $$;

-- RFC 3339 in UTC with microseconds.
CREATE FUNCTION control.instant(at timestamptz) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

-- Every change goes through here: one at a time, after every gate under way.
CREATE FUNCTION control.begin_change() RETURNS bigint
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  new_revision bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(1279607881, 0);
  SELECT r.revision + 1 INTO STRICT new_revision FROM control.revision r;
  RETURN new_revision;
END $$;

CREATE FUNCTION control.finish_change(
  new_revision bigint, chain text, kind text, tenant text, body jsonb
) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE control.revision SET revision = new_revision;
  PERFORM ledger.append(ARRAY[chain], ARRAY[kind], ARRAY[tenant], ARRAY[NULL::text],
    ARRAY[control.canonical(body || jsonb_build_object('revision', new_revision))]);
END $$;

-- The state that decides about these tenants, under the shared lock: ControlState of the contracts. It must be the
-- first statement of its transaction. A tenant without a policy of its own has the one of scope `*`.
CREATE FUNCTION control.gate(tenants text[], subjects text[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(1279607881, 0);
  -- A statement of its own: its snapshot is taken after the lock was given.
  RETURN jsonb_build_object(
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
      FROM control.revocations r WHERE r.subject = ANY (subjects)));
END $$;

-- For pollers: `{ revision, scopes: [{ scope, version, snapshot, epoch, activated_at, not_after }] }`. It takes no
-- lock, so it tells nothing that a gate may rely on.
CREATE FUNCTION control.read() RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object(
    'revision', (SELECT revision FROM control.revision),
    'scopes', (
      SELECT coalesce(jsonb_agg(jsonb_build_object('scope', p.scope, 'version', p.version, 'snapshot', p.snapshot,
        'epoch', p.epoch, 'activated_at', control.instant(p.activated_at), 'not_after', control.instant(p.not_after))
        ORDER BY p.scope), '[]')
      FROM control.policies p))
$$;

-- Makes a policy the active one of its scope and returns its epoch. The same version and snapshot again changes
-- nothing. Refusals: CS001 expected_epoch isn't the active one's (0 for none), CS002 the version doesn't grow, CS003
-- the policy has expired.
CREATE FUNCTION control.activate_policy(
  scope text, version bigint, snapshot text, not_after timestamptz, expected_epoch bigint, details jsonb
) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  new_epoch bigint := control.begin_change();
  active control.policies;
BEGIN
  SELECT * INTO active FROM control.policies p WHERE p.scope = activate_policy.scope;
  IF active.version = activate_policy.version AND active.snapshot = activate_policy.snapshot THEN
    RETURN active.epoch;
  END IF;
  IF coalesce(active.epoch, 0) IS DISTINCT FROM expected_epoch THEN
    RAISE EXCEPTION 'epoch_stale' USING ERRCODE = 'CS001', DETAIL = format('epoch %s is active', active.epoch);
  END IF;
  IF activate_policy.version <= active.version THEN
    RAISE EXCEPTION 'version_not_newer' USING ERRCODE = 'CS002', DETAIL = format('version %s is active', active.version);
  END IF;
  IF activate_policy.not_after <= clock_timestamp() THEN
    RAISE EXCEPTION 'policy_expired' USING ERRCODE = 'CS003';
  END IF;
  INSERT INTO control.policies (scope, version, snapshot, epoch, not_after, activated_at)
  VALUES (activate_policy.scope, activate_policy.version, activate_policy.snapshot, new_epoch,
    activate_policy.not_after, clock_timestamp())
  ON CONFLICT (scope) DO UPDATE SET version = excluded.version, snapshot = excluded.snapshot, epoch = excluded.epoch,
    not_after = excluded.not_after, activated_at = excluded.activated_at;
  PERFORM control.finish_change(new_epoch, 'policy:' || activate_policy.scope, 'policy_activated',
    nullif(activate_policy.scope, '*'),
    coalesce(details, '{}') || jsonb_build_object('scope', activate_policy.scope,
      'policy_version', activate_policy.version, 'policy_snapshot', activate_policy.snapshot,
      'policy_epoch', new_epoch, 'previous_epoch', expected_epoch,
      'not_after', control.instant(activate_policy.not_after)));
  RETURN new_epoch;
END $$;

-- Sets or lifts a stop and returns the revision.
CREATE FUNCTION control.set_switch(
  switch_id text, kind text, target text, tenant text, "on" boolean, reason text, actor text
) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  new_revision bigint := control.begin_change();
BEGIN
  IF "on" THEN
    INSERT INTO control.switches (switch_id, kind, target, tenant, reason)
    VALUES (set_switch.switch_id, set_switch.kind, set_switch.target, set_switch.tenant, set_switch.reason)
    ON CONFLICT (switch_id) DO UPDATE SET kind = excluded.kind, target = excluded.target, tenant = excluded.tenant,
      reason = excluded.reason;
  ELSE
    DELETE FROM control.switches s WHERE s.switch_id = set_switch.switch_id;
  END IF;
  PERFORM control.finish_change(new_revision, 'control', 'switch_set', set_switch.tenant,
    jsonb_build_object('switch_id', set_switch.switch_id, 'kind', set_switch.kind, 'target', set_switch.target,
      'tenant', set_switch.tenant, 'on', set_switch."on", 'reason', set_switch.reason, 'actor', set_switch.actor));
  RETURN new_revision;
END $$;

-- Revokes an identity for good and returns the revision. Again changes nothing.
CREATE FUNCTION control.revoke(subject text, reason text, actor text) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  new_revision bigint := control.begin_change();
BEGIN
  INSERT INTO control.revocations (subject, revoked_at) VALUES (revoke.subject, clock_timestamp())
  ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN RETURN new_revision - 1; END IF;
  PERFORM control.finish_change(new_revision, 'identity:' || revoke.subject, 'identity_revoked', NULL,
    jsonb_build_object('subject', revoke.subject, 'reason', revoke.reason, 'actor', revoke.actor));
  RETURN new_revision;
END $$;

ALTER FUNCTION control.canonical OWNER TO countersign_owner;
ALTER FUNCTION control.begin_change OWNER TO countersign_owner;
ALTER FUNCTION control.finish_change OWNER TO countersign_owner;
ALTER FUNCTION control.gate OWNER TO countersign_owner;
ALTER FUNCTION control.read OWNER TO countersign_owner;
ALTER FUNCTION control.instant OWNER TO countersign_owner;
ALTER FUNCTION control.activate_policy OWNER TO countersign_owner;
ALTER FUNCTION control.set_switch OWNER TO countersign_owner;
ALTER FUNCTION control.revoke OWNER TO countersign_owner;

GRANT USAGE ON SCHEMA control TO countersign_owner;
GRANT SELECT, INSERT, UPDATE ON control.policies TO countersign_owner;
GRANT SELECT, INSERT, UPDATE, DELETE ON control.switches TO countersign_owner;
GRANT SELECT, INSERT ON control.revocations TO countersign_owner;
GRANT SELECT, UPDATE ON control.revision TO countersign_owner;

GRANT USAGE ON SCHEMA control TO countersign_ingress, countersign_policy_kernel, countersign_approval,
  countersign_scheduler, countersign_output_safety;
GRANT EXECUTE ON FUNCTION control.gate, control.read TO countersign_ingress, countersign_policy_kernel,
  countersign_approval, countersign_scheduler, countersign_output_safety;
GRANT EXECUTE ON FUNCTION control.activate_policy TO countersign_policy_kernel;
GRANT EXECUTE ON FUNCTION control.set_switch TO countersign_scheduler;
GRANT EXECUTE ON FUNCTION control.revoke TO countersign_ingress;
