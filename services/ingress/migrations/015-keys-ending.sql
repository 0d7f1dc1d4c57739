-- Keys near their end are counted again and again, by the time at which they end.
CREATE INDEX api_keys_ending ON identity.api_keys (expires_at) WHERE expires_at IS NOT NULL;
