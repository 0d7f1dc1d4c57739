-- What approvers ask for most: the open questions of their tenant, few among all that were ever closed.
CREATE INDEX approvals_open_listed ON approval.approvals (tenant, approval_id DESC) WHERE state = 'open';
