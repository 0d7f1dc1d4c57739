-- Publishing is a step before activating: a bundle that verified waits here until somebody puts it in force.
ALTER TABLE policy.bundles DROP CONSTRAINT bundles_state_check;
ALTER TABLE policy.bundles ADD CONSTRAINT bundles_state_check
  CHECK (state IN ('pending', 'published', 'activated', 'rejected'));

-- What a verified bundle says of itself. Another document with more signatures over the same manifest is the same bundle.
CREATE TABLE policy.published (
  bundle_id bigint PRIMARY KEY REFERENCES policy.bundles,
  version bigint NOT NULL,
  snapshot text NOT NULL UNIQUE,
  scopes text[] COLLATE "C" NOT NULL CHECK (cardinality(scopes) > 0),
  not_before timestamptz NOT NULL,
  not_after timestamptz NOT NULL,
  key_ids text[] NOT NULL,
  -- Null for what came as a row, past every door.
  published_by text,
  published_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX published_scopes ON policy.published USING gin (scopes);

-- Within a scope a version names one bundle, so that what was reviewed is what goes live.
CREATE TABLE policy.versions (
  scope text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  bundle_id bigint NOT NULL REFERENCES policy.published,
  PRIMARY KEY (scope, version)
);

CREATE INDEX activations_snapshot ON policy.activations (snapshot);

-- Bundles that decide beside the active ones, affecting nothing.
CREATE TABLE policy.shadows (
  scope text COLLATE "C" PRIMARY KEY,
  bundle_id bigint NOT NULL REFERENCES policy.published,
  until timestamptz NOT NULL,
  set_by text NOT NULL
);

GRANT SELECT, INSERT ON policy.published, policy.versions TO countersign_policy_kernel;
GRANT SELECT, INSERT, UPDATE, DELETE ON policy.shadows TO countersign_policy_kernel;
