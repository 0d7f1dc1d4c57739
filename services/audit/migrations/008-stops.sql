-- Who sets or lifts a stop is said by the credential, as with a revocation (005), and no longer by the caller.
DROP FUNCTION control.set_switch(text, text, text, text, boolean, text, text);

-- Sets or lifts a stop and returns the revision. `by_key`: id of the key that asks for it; none for the login role itself.
-- Refusals: CS005 no reason, or more than 500 characters of it; CS006 a key that nobody may use.
CREATE FUNCTION control.set_switch(
  switch_id text, kind text, target text, tenant text, "on" boolean, reason text, by_key text DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  new_revision bigint := control.begin_change();
  who jsonb := control.actor_of(set_switch.by_key);
BEGIN
  IF coalesce(char_length(set_switch.reason), 0) NOT BETWEEN 1 AND 500 THEN
    RAISE EXCEPTION 'reason_missing' USING ERRCODE = 'CS005';
  END IF;
  IF "on" THEN
    INSERT INTO control.switches (switch_id, kind, target, tenant, reason)
    VALUES (set_switch.switch_id, set_switch.kind, set_switch.target, set_switch.tenant, set_switch.reason)
    ON CONFLICT (switch_id) DO UPDATE SET kind = excluded.kind, target = excluded.target, tenant = excluded.tenant,
      reason = excluded.reason;
  ELSE
    DELETE FROM control.switches s WHERE s.switch_id = set_switch.switch_id;
  END IF;
  PERFORM control.finish_change(new_revision, 'control', 'switch_set', set_switch.tenant,
    who || jsonb_build_object('switch_id', set_switch.switch_id, 'kind', set_switch.kind, 'target', set_switch.target,
      'tenant', set_switch.tenant, 'on', set_switch."on", 'reason', set_switch.reason));
  RETURN new_revision;
END $$;
ALTER FUNCTION control.set_switch OWNER TO countersign_owner;
GRANT EXECUTE ON FUNCTION control.set_switch TO countersign_scheduler;
