-- Whether an agent's ceiling is another one than when something of its was dispatched.
CREATE FUNCTION control.ceiling_changed(who text, since timestamptz) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM control.ceilings c WHERE c.agent = who AND c.changed_at > since)
$$;
ALTER FUNCTION control.ceiling_changed OWNER TO countersign_owner;
REVOKE ALL ON FUNCTION control.ceiling_changed FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control.ceiling_changed TO countersign_scheduler;
