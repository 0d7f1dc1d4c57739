-- The scopes that have a policy, one probe of the index each, however many activations each has had. `DISTINCT ON` in
-- policy.active_pools reads all of a scope's activations unless it is asked for the first row of one scope.
CREATE VIEW policy.active_scopes AS
  WITH RECURSIVE next AS (
    (SELECT scope FROM policy.activations ORDER BY scope LIMIT 1)
    UNION ALL
    SELECT (SELECT a.scope FROM policy.activations a WHERE a.scope > next.scope ORDER BY a.scope LIMIT 1)
      FROM next WHERE next.scope IS NOT NULL)
  SELECT scope FROM next WHERE scope IS NOT NULL;
GRANT SELECT ON policy.active_scopes TO countersign_scheduler;
