-- The entry of a lifted stop says what it stopped, as it stood, and no longer what who lifts it says.
CREATE OR REPLACE FUNCTION control.set_switch(
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
