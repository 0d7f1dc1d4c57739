-- What whoever refused would agree to instead: content. The scheduler makes an offer of it when it ends the job.
ALTER TABLE approval.approvals
  ADD COLUMN counter_offer jsonb,
  ADD CHECK (counter_offer IS NULL OR state = 'refused');
GRANT UPDATE (counter_offer) ON approval.approvals TO countersign_approval;

CREATE OR REPLACE VIEW approval.outcomes AS
  SELECT tenant, job_id, held_seq, approval_id, state, closed_at, counter_offer
  FROM approval.approvals
  WHERE state <> 'open';
