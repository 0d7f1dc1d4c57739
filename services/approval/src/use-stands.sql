-- Revision 1. What a run that an approval lets through stands on.

-- Neither the grant by which this approval came was revoked, nor anybody who gave it. True where it came by none.
CREATE OR REPLACE FUNCTION approval.use_stands(id uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT NOT EXISTS (
    SELECT FROM approval.approvals a
     CROSS JOIN LATERAL (SELECT revoked_at, given_by FROM approval.grants WHERE grant_id = a.by_grant OFFSET 0) g
     WHERE a.approval_id = use_stands.id
       AND (g.revoked_at IS NOT NULL
            OR EXISTS (SELECT FROM unnest(g.given_by) AS b (name)
                        CROSS JOIN LATERAL (SELECT FROM control.revocations WHERE subject = b.name OFFSET 0) r)))
$$;
ALTER FUNCTION approval.use_stands OWNER TO countersign_owner;
REVOKE ALL ON FUNCTION approval.use_stands FROM PUBLIC;
