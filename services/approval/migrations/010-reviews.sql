-- What somebody else has to look at and sign off: runs that policy marks, and what one person granted alone. One list. `reason` is
-- in the words of whoever signed: content.
CREATE TABLE approval.reviews (
  review_id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('run', 'break_glass')),
  tenant text NOT NULL,
  job_id text NOT NULL,
  topic text NOT NULL,
  capability text,
  requester text NOT NULL,
  auth_method text NOT NULL,
  owner text,
  on_behalf_of text,
  job_hash text NOT NULL,
  rule_id text,
  traceparent text NOT NULL,
  opened_at timestamptz NOT NULL,
  outcome text CHECK (outcome IN ('accepted', 'finding')),
  signed_by text,
  signed_at timestamptz,
  reason text,
  CHECK ((signed_by IS NULL) = (signed_at IS NULL) AND (signed_by IS NULL) = (outcome IS NULL)),
  CHECK (outcome <> 'finding' OR reason IS NOT NULL)
);
CREATE INDEX reviews_listed ON approval.reviews (tenant COLLATE "C", review_id DESC);
CREATE INDEX reviews_open ON approval.reviews (tenant COLLATE "C", review_id DESC) WHERE signed_by IS NULL;
CREATE INDEX reviews_waiting ON approval.reviews (opened_at) WHERE signed_by IS NULL;
CREATE INDEX reviews_of_jobs ON approval.reviews (tenant, job_id);
CREATE UNIQUE INDEX reviews_of_runs ON approval.reviews (tenant, job_id) WHERE kind = 'run';
GRANT SELECT, INSERT, UPDATE (outcome, signed_by, signed_at, reason) ON approval.reviews TO countersign_approval;
-- What a job's view shows of its review.
GRANT SELECT (review_id, kind, tenant, job_id, outcome, signed_by) ON approval.reviews TO countersign_scheduler;

INSERT INTO approval.reviews (review_id, kind, tenant, job_id, topic, capability, requester, auth_method, owner, on_behalf_of,
                              job_hash, rule_id, traceparent, opened_at, outcome, signed_by, signed_at, reason)
SELECT a.approval_id, 'break_glass', a.tenant, a.job_id, a.topic, a.capability, a.requester, a.auth_method, a.owner, a.on_behalf_of,
       a.job_hash, a.rule_id, a.traceparent, g.used_at, CASE WHEN g.reviewed_by IS NOT NULL THEN 'accepted' END, g.reviewed_by,
       g.reviewed_at, g.review
  FROM approval.glass_broken g JOIN approval.approvals a USING (approval_id);
DROP INDEX approval.glass_broken_unreviewed;
ALTER TABLE approval.glass_broken DROP COLUMN reviewed_by, DROP COLUMN reviewed_at, DROP COLUMN review;
