-- Uses of rights stand beside those of credentials: `right:<agent>/<topic|capability|environment>/<pattern of its ceiling>`.
-- The row of the empty name says since when: what was not used before that, nobody knows.
INSERT INTO identity.uses (subject, last_used_at) VALUES ('', clock_timestamp());
CREATE INDEX api_keys_unused ON identity.api_keys (tenant, created_at);
