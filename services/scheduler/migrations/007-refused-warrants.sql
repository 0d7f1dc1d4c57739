-- A refused warrant is offered to the next worker under the same dispatch id; how often, and by which claim last, so that
-- the same refusal told twice counts once.
ALTER TABLE scheduler.attempts
  ADD COLUMN refusals smallint NOT NULL DEFAULT 0,
  ADD COLUMN refused_claim_id uuid;
