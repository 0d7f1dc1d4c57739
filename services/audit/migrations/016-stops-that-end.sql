-- Stops of one run, stops that end by themselves, and stops that one person alone does not lift.
ALTER TABLE control.switches DROP CONSTRAINT switches_kind_check,
  ADD CONSTRAINT switches_kind_check CHECK (kind IN ('all', 'tenant', 'topic', 'capability', 'pool', 'agent', 'run')),
  ADD COLUMN expires_at timestamptz,
  ADD COLUMN lift text NOT NULL DEFAULT 'one_person' CHECK (lift IN ('one_person', 'two_person')),
  ADD COLUMN lift_requested_at timestamptz,
  ADD COLUMN lift_requested_by text;
INSERT INTO ledger.kinds (kind, writer) VALUES ('switch_lift_requested', 'countersign_scheduler');

-- As before (011), and: a stop may end after `expires_ms`, and `lift` says whether two people must lift it. Null instead of a
-- revision: the first of the two has asked, and it stands. CS004 also for a run of which the tenant has no job; CS011: the
-- one who asked may not confirm, and nobody but two people known to the registry lifts what needs two.
DROP FUNCTION control.set_switch(text, text, text, text, boolean, text, text, text, text);
CREATE FUNCTION control.set_switch(
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

-- Ends the stops whose time is over and returns the revision, null where there is none. A stop holds until its end is
-- recorded, so that no two gates read the same state differently.
CREATE FUNCTION control.end_expired() RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  new_revision bigint;
  stop control.switches;
BEGIN
  IF NOT EXISTS (SELECT FROM control.switches s WHERE s.expires_at <= clock_timestamp()) THEN RETURN NULL; END IF;
  new_revision := control.begin_change();
  FOR stop IN DELETE FROM control.switches s WHERE s.expires_at <= clock_timestamp() RETURNING * LOOP
    PERFORM control.finish_change(new_revision, 'control', 'switch_set', stop.tenant,
      control.actor_of(NULL, NULL, NULL) || jsonb_build_object('switch_id', stop.switch_id, 'kind', stop.kind,
        'target', stop.target, 'tenant', stop.tenant, 'on', false, 'reason', 'expired',
        'expires_at', control.instant(stop.expires_at)));
  END LOOP;
  RETURN new_revision;
END $$;

-- Whether the time of a stop is over; null while none will end by itself.
CREATE FUNCTION control.stops_due() RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT bool_or(s.expires_at <= clock_timestamp()) FROM control.switches s WHERE s.expires_at IS NOT NULL
$$;

-- As before (011), with when it ends and who has to lift it.
CREATE OR REPLACE FUNCTION control.stops(of_tenant text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('switch_id', s.switch_id, 'kind', s.kind, 'target', s.target,
    'tenant', s.tenant, 'reason', s.reason, 'set_at', control.instant(s.set_at), 'set_by', s.set_by,
    'expires_at', control.instant(s.expires_at), 'lift', s.lift,
    'lift_requested_at', control.instant(s.lift_requested_at), 'lift_requested_by', s.lift_requested_by)
    ORDER BY s.switch_id), '[]')
  FROM control.switches s WHERE of_tenant IS NULL OR s.tenant IS NULL OR s.tenant = of_tenant
$$;

ALTER FUNCTION control.set_switch OWNER TO countersign_owner;
ALTER FUNCTION control.end_expired OWNER TO countersign_owner;
ALTER FUNCTION control.stops_due OWNER TO countersign_owner;
REVOKE ALL ON FUNCTION control.end_expired, control.stops_due FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control.set_switch, control.end_expired, control.stops_due TO countersign_scheduler;
