-- One human may have several accounts, and counts once: an account that is declared another one's, and accounts that one
-- subject of the provider has come in by, are one person's. And who lets another person vote in a group, for a time.
ALTER TABLE identity.principals
  -- The account whose person this one is, too.
  ADD COLUMN person text REFERENCES identity.principals,
  -- SHA-256 of issuer and subject, once the provider has vouched for the account.
  ADD COLUMN oidc_subject text CHECK (oidc_subject ~ '^[0-9a-f]{64}$'),
  ADD CHECK (person <> principal_id),
  ADD CHECK (type = 'human' OR (person IS NULL AND oidc_subject IS NULL));
CREATE INDEX principals_person ON identity.principals (person) WHERE person IS NOT NULL;
CREATE INDEX principals_subject ON identity.principals (oidc_subject) WHERE oidc_subject IS NOT NULL;
GRANT UPDATE (person, oidc_subject) ON identity.principals TO countersign_ingress;

-- Null: it acts on the principal's behalf. Else it only votes in this group, and acts for nobody.
ALTER TABLE identity.delegations ADD COLUMN group_name text CHECK (group_name ~ '^[a-z0-9_-]{1,64}$');

-- Every account of the human behind this one, itself among them, in any chain.
CREATE FUNCTION identity.accounts(of text) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE linked (account) AS (
    SELECT of
    UNION
    SELECT o.account
      FROM linked l
      JOIN identity.principals p ON p.principal_id = l.account
     CROSS JOIN LATERAL (
       SELECT p.person AS account WHERE p.person IS NOT NULL
       UNION ALL SELECT q.principal_id FROM identity.principals q WHERE q.person = p.principal_id
       UNION ALL SELECT q.principal_id FROM identity.principals q WHERE q.oidc_subject = p.oidc_subject) o)
  SELECT account FROM linked
$$;

-- One name for each human, whichever account is asked about: the least of them.
CREATE FUNCTION identity.persons(ids text[]) RETURNS TABLE (id text, person text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT u.id, (SELECT min(a.account COLLATE "C") FROM identity.accounts(u.id) AS a (account)) FROM unnest(ids) AS u (id)
$$;

-- In which groups these people let this one vote now: members themselves, so that nobody passes on what they were lent.
CREATE FUNCTION identity.lent_votes(delegate text) RETURNS TABLE (group_name text, delegated_by text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT d.group_name, d.principal_id
    FROM identity.delegations d JOIN identity.principals p USING (principal_id)
   WHERE d.delegate_id = delegate AND d.group_name = ANY (p.groups) AND d.expires_at > clock_timestamp()
     AND NOT EXISTS (SELECT FROM control.revocations r
                     WHERE r.subject IN ('delegation:' || d.delegation_id, p.principal_id))
   ORDER BY d.delegation_id
$$;
ALTER FUNCTION identity.accounts(text) OWNER TO countersign_owner;
ALTER FUNCTION identity.persons(text[]) OWNER TO countersign_owner;
ALTER FUNCTION identity.lent_votes(text) OWNER TO countersign_owner;
REVOKE ALL ON FUNCTION identity.accounts(text), identity.persons(text[]), identity.lent_votes(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity.accounts(text) TO countersign_ingress;
GRANT USAGE ON SCHEMA identity TO countersign_approval;
GRANT EXECUTE ON FUNCTION identity.persons(text[]), identity.lent_votes(text) TO countersign_approval;
