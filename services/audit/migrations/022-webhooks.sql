-- What webhooks are sent: one row for each event and webhook, made from sealed entries in the order of leaves, once. Nothing
-- here is evidence. Webhooks themselves stand in identity.webhooks, which ingress writes.
CREATE SCHEMA hook;
REVOKE ALL ON SCHEMA hook FROM PUBLIC;
GRANT USAGE ON SCHEMA hook TO countersign_audit;

-- Deliveries are made for all entries below `next_leaf`.
CREATE TABLE hook.cursor (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  next_leaf bigint NOT NULL
);
INSERT INTO hook.cursor (next_leaf) VALUES (0);

CREATE TABLE hook.deliveries (
  -- In the order in which they were made.
  delivery_id uuid PRIMARY KEY,
  tenant text COLLATE "C" NOT NULL,
  webhook_id text COLLATE "C" NOT NULL,
  event text COLLATE "C" NOT NULL,
  leaf_index bigint NOT NULL,
  -- What is said of it, as JSON, and when its entry was recorded.
  data text NOT NULL,
  time_us bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  state text COLLATE "C" NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'dead')),
  -- Tries that were begun. Whoever begins one has it until due_at.
  attempts int NOT NULL DEFAULT 0,
  due_at timestamptz DEFAULT clock_timestamp() CHECK ((due_at IS NULL) = (state <> 'pending')),
  outcome text COLLATE "C",
  ended_at timestamptz CHECK ((ended_at IS NULL) = (state = 'pending')),
  UNIQUE (webhook_id, leaf_index, event)
);
CREATE INDEX deliveries_due ON hook.deliveries (webhook_id, due_at) WHERE state = 'pending';
CREATE INDEX deliveries_ended ON hook.deliveries (ended_at) WHERE state <> 'pending';
CREATE INDEX deliveries_listed ON hook.deliveries (tenant, delivery_id);

GRANT SELECT, UPDATE ON hook.cursor TO countersign_audit;
GRANT SELECT, INSERT, DELETE ON hook.deliveries TO countersign_audit;
GRANT UPDATE (state, attempts, due_at, outcome, ended_at) ON hook.deliveries TO countersign_audit;

-- The leaf that the next entry gets: a webhook hears of what is sealed after it was made.
CREATE FUNCTION control.log_end() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(max(l.leaf_index) + 1, 0) FROM ledger.leaves l
$$;
ALTER FUNCTION control.log_end OWNER TO countersign_owner;
REVOKE ALL ON FUNCTION control.log_end FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control.log_end TO countersign_ingress;
