-- Signed bundles as they were published, and which of them became active where. Only the policy kernel writes here;
-- what decides is the signature over a document, never the row it stands in.
CREATE SCHEMA policy;
REVOKE ALL ON SCHEMA policy FROM PUBLIC;
GRANT USAGE ON SCHEMA policy TO countersign_policy_kernel, countersign_scheduler, countersign_output_safety;

CREATE TABLE policy.bundles (
  bundle_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  document text NOT NULL CHECK (octet_length(document) <= 4194304),
  -- The same document again is the same bundle.
  document_sha256 bytea NOT NULL UNIQUE,
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'activated', 'rejected')),
  code text,
  detail text CHECK (length(detail) <= 2000),
  published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  judged_at timestamptz,
  CHECK ((state = 'pending') = (judged_at IS NULL)),
  CHECK ((state = 'rejected') = (code IS NOT NULL))
);
CREATE INDEX bundles_pending ON policy.bundles (bundle_id) WHERE state = 'pending';

-- Written in the transaction of control.activate_policy, so the newest row of a scope is what `control` says.
CREATE TABLE policy.activations (
  scope text COLLATE "C" NOT NULL,
  epoch bigint NOT NULL,
  version bigint NOT NULL,
  snapshot text NOT NULL,
  bundle_id bigint NOT NULL REFERENCES policy.bundles,
  key_ids text[] NOT NULL CHECK (cardinality(key_ids) > 0),
  -- Null when the bundle declares none.
  pools jsonb,
  output_policy jsonb NOT NULL,
  activated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (scope, epoch)
);

GRANT SELECT, INSERT (document, document_sha256), UPDATE (state, code, detail, judged_at) ON policy.bundles TO countersign_policy_kernel;
GRANT SELECT, INSERT ON policy.activations TO countersign_policy_kernel;

CREATE VIEW policy.active_pools AS
  SELECT DISTINCT ON (scope) scope, version, snapshot, epoch, pools FROM policy.activations ORDER BY scope, epoch DESC;
CREATE VIEW policy.active_output AS
  SELECT DISTINCT ON (scope) scope, version, snapshot, epoch, output_policy
    FROM policy.activations ORDER BY scope, epoch DESC;
GRANT SELECT ON policy.active_pools TO countersign_scheduler;
GRANT SELECT ON policy.active_output TO countersign_output_safety;
