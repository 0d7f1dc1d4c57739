-- Which of these approvals came by a grant that was revoked, itself or with anybody who gave it. The caller, who holds the gate,
-- decides under the grants' locks: a revocation that has returned was seen, and one that comes now waits. In the order of
-- `redeem_all`.
CREATE FUNCTION approval.revoked_uses(approvals uuid[]) RETURNS SETOF uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  ids constant uuid[] := ARRAY(
    SELECT DISTINCT u.by_grant FROM unnest(approvals) AS k (id)
     CROSS JOIN LATERAL (SELECT by_grant FROM approval.approvals WHERE approval_id = k.id OFFSET 0) u
     WHERE u.by_grant IS NOT NULL ORDER BY 1);
BEGIN
  PERFORM 1 FROM unnest(ids) AS k (id)
   CROSS JOIN LATERAL (SELECT FROM approval.grants WHERE grant_id = k.id FOR SHARE) g;
  -- A statement of its own: it sees what committed before the locks were given.
  RETURN QUERY
    SELECT k.id FROM unnest(approvals) AS k (id)
     CROSS JOIN LATERAL (SELECT by_grant FROM approval.approvals WHERE approval_id = k.id OFFSET 0) u
     CROSS JOIN LATERAL (SELECT revoked_at, given_by FROM approval.grants WHERE grant_id = u.by_grant OFFSET 0) g
     WHERE g.revoked_at IS NOT NULL
        OR EXISTS (SELECT FROM unnest(g.given_by) AS b (name)
                    CROSS JOIN LATERAL (SELECT FROM control.revocations WHERE subject = b.name OFFSET 0) r);
END $$;
ALTER FUNCTION approval.revoked_uses OWNER TO countersign_owner;
REVOKE ALL ON FUNCTION approval.revoked_uses FROM PUBLIC;
GRANT EXECUTE ON FUNCTION approval.revoked_uses TO countersign_scheduler;
