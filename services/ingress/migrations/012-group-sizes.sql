-- How many humans a group has, for whoever is about to ask so many of it. `*` is every tenant.
CREATE FUNCTION identity.group_sizes(tenants text[], groups text[]) RETURNS TABLE (tenant text, group_name text, people integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT t.tenant, g.group_name, (
      SELECT count(DISTINCT (SELECT min(a.account COLLATE "C") FROM identity.accounts(p.principal_id) AS a (account)))::integer
        FROM identity.principals p
       WHERE p.tenant = t.tenant AND p.type = 'human' AND g.group_name = ANY (p.groups)
         AND NOT EXISTS (SELECT FROM control.revocations r WHERE r.subject = p.principal_id))
    FROM identity.tenants t CROSS JOIN unnest(groups) AS g (group_name)
   WHERE '*' = ANY (tenants) OR t.tenant = ANY (tenants)
   ORDER BY 1, 2
$$;
ALTER FUNCTION identity.group_sizes(text[], text[]) OWNER TO countersign_owner;
REVOKE ALL ON FUNCTION identity.group_sizes(text[], text[]) FROM PUBLIC;
GRANT USAGE ON SCHEMA identity TO countersign_policy_kernel;
GRANT EXECUTE ON FUNCTION identity.group_sizes(text[], text[]) TO countersign_policy_kernel;
