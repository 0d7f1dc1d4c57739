-- What a rule lets happen besides votes of its groups: others vote after a while, one grants alone and somebody else reviews it,
-- and an agreement to the same on the same terms is carried over a change of policy.
ALTER TABLE approval.approvals
  ADD COLUMN escalate jsonb,
  ADD COLUMN break_glass jsonb,
  ADD COLUMN escalated_at timestamptz,
  -- For how long the rule lets it stand open; null of one from before.
  ADD COLUMN expires_ms bigint,
  ADD COLUMN carried_from uuid REFERENCES approval.approvals,
  ADD CHECK (escalated_at IS NULL OR escalate IS NOT NULL);
GRANT UPDATE (escalated_at) ON approval.approvals TO countersign_approval;
CREATE INDEX approvals_escalating ON approval.approvals (approval_id)
  WHERE state = 'open' AND escalate IS NOT NULL AND escalated_at IS NULL;

-- Each use waits until somebody else has signed it off. `reason` and `review` are words of people: content.
CREATE TABLE approval.glass_broken (
  approval_id uuid PRIMARY KEY REFERENCES approval.approvals,
  tenant text NOT NULL,
  used_by text NOT NULL,
  used_at timestamptz NOT NULL,
  reason text NOT NULL,
  reviewed_by text,
  reviewed_at timestamptz,
  review text,
  CHECK ((reviewed_by IS NULL) = (reviewed_at IS NULL)),
  CHECK (reviewed_by <> used_by)
);
CREATE INDEX glass_broken_unreviewed ON approval.glass_broken (tenant COLLATE "C", approval_id DESC) WHERE reviewed_by IS NULL;
GRANT SELECT, INSERT, UPDATE (reviewed_by, reviewed_at, review) ON approval.glass_broken TO countersign_approval;
