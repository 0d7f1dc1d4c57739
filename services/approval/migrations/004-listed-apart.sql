-- The lists' indexes begin with the tenant, as the key does, and to a planner without statistics each looks as good as the
-- other: the search for unopened holds went through all approvals of a tenant, once for each held job. In a collation of
-- their own the lists' indexes serve only what asks in it (store-shown.ts).
DROP INDEX approval.approvals_listed;
DROP INDEX approval.approvals_open_listed;
CREATE INDEX approvals_listed ON approval.approvals (tenant COLLATE "C", approval_id DESC);
CREATE INDEX approvals_open_listed ON approval.approvals (tenant COLLATE "C", approval_id DESC) WHERE state = 'open';
