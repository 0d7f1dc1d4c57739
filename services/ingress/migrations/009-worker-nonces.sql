-- Workers sign HTTP requests too, and are no principals: `principal_id` holds whoever signs, as its signatures name it. A nonce
-- is written only after its signature was verified, so nobody unknown has one.
ALTER TABLE identity.nonces DROP CONSTRAINT nonces_principal_id_fkey;
