-- A question that a change of policy voided names the one that took its place, in the transaction that opens that one.
ALTER TABLE approval.approvals
  ADD COLUMN superseded_by uuid,
  ADD CHECK (superseded_by IS NULL OR state = 'voided');
GRANT UPDATE (superseded_by) ON approval.approvals TO countersign_approval;
CREATE INDEX approvals_open_of_job ON approval.approvals (tenant, job_id) WHERE state = 'open';
