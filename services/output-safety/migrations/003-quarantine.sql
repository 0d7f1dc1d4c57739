-- Quarantined outputs, as people review them. A job's state never changes: what was released afterwards stands beside it.
ALTER TABLE output.results ADD COLUMN reviewed text CHECK (reviewed IN ('proposed', 'released', 'discarded'));
CREATE INDEX results_quarantined ON output.results (tenant COLLATE "C", coalesce(reviewed, 'waiting'), dispatch_id)
  WHERE output_decision = 'quarantine';

-- Each time somebody did something about it. Only added to.
CREATE TABLE output.reviews (
  dispatch_id uuid NOT NULL REFERENCES output.results,
  turn integer NOT NULL CHECK (turn >= 1),
  action text NOT NULL CHECK (action IN ('opened', 'proposed', 'released', 'discarded')),
  reviewer text NOT NULL,
  reason text NOT NULL,
  -- Of what would be, or was, released; salted like the output's own.
  released_digest text,
  redacted boolean NOT NULL DEFAULT false,
  -- Canonical JSON of what was released.
  content text,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (dispatch_id, turn),
  CHECK ((action IN ('proposed', 'released')) = (released_digest IS NOT NULL)),
  CHECK (action = 'released' OR content IS NULL)
);
CREATE UNIQUE INDEX reviews_ended ON output.reviews (dispatch_id) WHERE action IN ('released', 'discarded');

GRANT SELECT, INSERT ON output.reviews TO countersign_output_safety;
GRANT UPDATE (reviewed, salt, sealed, seal_key_id) ON output.results TO countersign_output_safety;
