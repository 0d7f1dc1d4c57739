-- What people steer by: counts made from sealed entries, in the order of leaves, once each. Everything here can be thrown away and
-- made again from the ledger; nothing of it is evidence.
CREATE SCHEMA kpi;
REVOKE ALL ON SCHEMA kpi FROM PUBLIC;
GRANT USAGE ON SCHEMA kpi TO countersign_audit;

-- Entries below `next_leaf` are counted.
CREATE TABLE kpi.cursor (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  next_leaf bigint NOT NULL
);
INSERT INTO kpi.cursor (next_leaf) VALUES (0);

CREATE TABLE kpi.counts (
  tenant text COLLATE "C" NOT NULL,
  -- In UTC, as 2026-01-31.
  day text COLLATE "C" NOT NULL,
  measure text COLLATE "C" NOT NULL,
  -- What is counted apart, as a JSON array of texts and nulls; which, says the measure.
  parts text COLLATE "C" NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (tenant, day, measure, parts)
);

-- Approvals with the times of their entries, for the groups that they ask.
CREATE TABLE kpi.approvals (
  approval_id uuid PRIMARY KEY,
  tenant text COLLATE "C" NOT NULL,
  groups text[] NOT NULL,
  opened_us bigint NOT NULL,
  closed_us bigint,
  outcome text
);
CREATE INDEX approvals_closed ON kpi.approvals (tenant, closed_us);

-- Jobs that run as a remediation made them, until they end.
CREATE TABLE kpi.remediated (
  chain text COLLATE "C" PRIMARY KEY,
  remediation text NOT NULL
);

GRANT SELECT, UPDATE ON kpi.cursor TO countersign_audit;
GRANT SELECT, INSERT, UPDATE ON kpi.counts, kpi.approvals TO countersign_audit;
GRANT SELECT, INSERT, DELETE ON kpi.remediated TO countersign_audit;
