-- Revision 1. Stops.

-- Sets or lifts a stop and returns the revision; null where another person has to ask for it, too. Refusals: CS004 the tenant, or
-- the agent or run of that tenant, does not exist, or there is no such stop to lift; CS005 no reason, or more than 500 characters
-- of it; CS006 as control.actor_of; CS011 a second person has to lift it. A stop that is another tenant's, or everybody's, is
-- lifted by who may reach it: the door says for which tenant it asks, null for all. The entry of a lifted stop says what it
-- stopped, as it stood, and not what who lifts it says.
CREATE OR REPLACE FUNCTION control.set_switch(
  switch_id text, kind text, target text, tenant text, "on" boolean, reason text, by_key text DEFAULT NULL,
  by_principal text DEFAULT NULL, auth_method text DEFAULT NULL, expires_ms bigint DEFAULT NULL,
  lift text DEFAULT 'one_person'
) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  new_revision bigint := control.begin_change();
  who jsonb := control.actor_of(set_switch.by_key, set_switch.by_principal, set_switch.auth_method);
  known boolean := true;
  stop control.switches;
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
        WHEN 'run' THEN EXISTS (SELECT FROM scheduler.jobs j WHERE j.tenant COLLATE "C" = set_switch.tenant
          AND j.labels LIKE '%"run":%' AND (j.labels::jsonb ->> 'run') = set_switch.target LIMIT 1)
        ELSE true END;
    END IF;
    IF NOT known THEN RAISE EXCEPTION 'target_unknown' USING ERRCODE = 'CS004'; END IF;
    INSERT INTO control.switches (switch_id, kind, target, tenant, reason, set_at, set_by, expires_at, lift)
    VALUES (set_switch.switch_id, set_switch.kind, set_switch.target, set_switch.tenant, set_switch.reason,
      clock_timestamp(), who ->> 'actor', clock_timestamp() + set_switch.expires_ms * interval '1 millisecond',
      set_switch.lift)
    ON CONFLICT (switch_id) DO UPDATE SET kind = excluded.kind, target = excluded.target, tenant = excluded.tenant,
      reason = excluded.reason, set_at = excluded.set_at, set_by = excluded.set_by, expires_at = excluded.expires_at,
      lift = excluded.lift, lift_requested_at = NULL, lift_requested_by = NULL
    RETURNING * INTO stop;
    PERFORM control.finish_change(new_revision, 'control', 'switch_set', stop.tenant,
      who || jsonb_build_object('switch_id', stop.switch_id, 'kind', stop.kind, 'target', stop.target,
        'tenant', stop.tenant, 'on', true, 'reason', stop.reason, 'expires_at', control.instant(stop.expires_at),
        'lift', stop.lift));
    RETURN new_revision;
  END IF;
  SELECT * INTO stop FROM control.switches s WHERE s.switch_id = set_switch.switch_id
    AND (who ->> 'actor_tenant' IS NULL OR set_switch.tenant IS NULL OR s.tenant = set_switch.tenant);
  IF NOT FOUND THEN
    IF who ->> 'actor_tenant' IS NOT NULL THEN RAISE EXCEPTION 'switch_unknown' USING ERRCODE = 'CS004'; END IF;
    -- The login role's drills lift by name what may never have been set.
    stop.kind := set_switch.kind;
    stop.target := set_switch.target;
    stop.tenant := set_switch.tenant;
  END IF;
  IF stop.lift = 'two_person' THEN
    IF who ->> 'actor_tenant' IS NULL
       OR stop.lift_requested_by IN (SELECT identity.accounts(who ->> 'actor')) THEN
      RAISE EXCEPTION 'second_person_missing' USING ERRCODE = 'CS011';
    END IF;
    IF stop.lift_requested_by IS NULL THEN
      UPDATE control.switches s SET lift_requested_at = clock_timestamp(), lift_requested_by = who ->> 'actor'
       WHERE s.switch_id = stop.switch_id;
      PERFORM control.finish_change(new_revision, 'control', 'switch_lift_requested', stop.tenant,
        who || jsonb_build_object('switch_id', stop.switch_id, 'kind', stop.kind, 'target', stop.target,
          'tenant', stop.tenant, 'reason', set_switch.reason));
      RETURN NULL;
    END IF;
  END IF;
  DELETE FROM control.switches s WHERE s.switch_id = set_switch.switch_id;
  PERFORM control.finish_change(new_revision, 'control', 'switch_set', stop.tenant,
    who || jsonb_build_object('switch_id', set_switch.switch_id, 'kind', stop.kind, 'target', stop.target,
      'tenant', stop.tenant, 'on', false, 'reason', set_switch.reason, 'lift_requested_by', stop.lift_requested_by));
  RETURN new_revision;
END $$;

-- The stops that reach this tenant, `{ switch_id, kind, target, tenant, reason, set_at, set_by, expires_at, lift,
-- lift_requested_at, lift_requested_by }`; null for every stop.
CREATE OR REPLACE FUNCTION control.stops(of_tenant text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('switch_id', s.switch_id, 'kind', s.kind, 'target', s.target,
    'tenant', s.tenant, 'reason', s.reason, 'set_at', control.instant(s.set_at), 'set_by', s.set_by,
    'expires_at', control.instant(s.expires_at), 'lift', s.lift,
    'lift_requested_at', control.instant(s.lift_requested_at), 'lift_requested_by', s.lift_requested_by)
    ORDER BY s.switch_id), '[]')
  FROM control.switches s WHERE of_tenant IS NULL OR s.tenant IS NULL OR s.tenant = of_tenant
$$;
