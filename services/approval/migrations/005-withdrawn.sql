-- Before the grant a question may be taken back by who asked it, or who answers for them. In their words why, which is content.
ALTER TABLE approval.approvals
  ADD COLUMN withdrawn_by text,
  ADD COLUMN withdrawn_because text,
  DROP CONSTRAINT approvals_state_check,
  ADD CONSTRAINT approvals_state_check CHECK (state IN ('open', 'granted', 'refused', 'expired', 'voided', 'withdrawn')),
  ADD CHECK ((state = 'withdrawn') = (withdrawn_by IS NOT NULL));
GRANT UPDATE (withdrawn_by, withdrawn_because) ON approval.approvals TO countersign_approval;

-- When the same was agreed to last.
CREATE INDEX approvals_granted ON approval.approvals (tenant COLLATE "C", topic, capability, approval_id DESC)
  WHERE state = 'granted';

-- Whose vote it is, when that person let the voter vote in the group.
ALTER TABLE approval.votes ADD COLUMN delegated_by text, ADD CHECK (delegated_by <> voter);
