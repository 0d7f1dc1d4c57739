-- For who activates a policy, in the transaction that does: how many held jobs of these scopes are decided again. `*` is all.
CREATE FUNCTION scheduler.asked_again(scopes text[], most integer) RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT count(*)::integer FROM scheduler.outdated(most) o WHERE '*' = ANY (scopes) OR o.tenant = ANY (scopes)
$$;
ALTER FUNCTION scheduler.asked_again(text[], integer) OWNER TO countersign_owner;
REVOKE ALL ON FUNCTION scheduler.asked_again(text[], integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION scheduler.asked_again(text[], integer) TO countersign_policy_kernel;
