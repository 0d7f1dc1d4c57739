-- Whether writes still come through, for `/readyz` of every service: one row each, written now and then.
CREATE TABLE control.write_probes (
  service text COLLATE "C" PRIMARY KEY CHECK (length(service) <= 64),
  written_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON control.write_probes TO countersign_owner;

-- The row alone would go on fitting into its page on a full disk. So some room is asked for first: the sort does not fit
-- into its memory and spills to a file, which a disk without room refuses.
CREATE FUNCTION control.prove_write(service text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET work_mem = '64kB' AS $$
BEGIN
  PERFORM count(*) FROM (SELECT g FROM generate_series(1, 10000) AS g ORDER BY g DESC OFFSET 0) AS spilled;
  INSERT INTO control.write_probes AS w (service, written_at) VALUES (prove_write.service, clock_timestamp())
    ON CONFLICT ON CONSTRAINT write_probes_pkey DO UPDATE SET written_at = excluded.written_at;
  RETURN true;
END $$;
ALTER FUNCTION control.prove_write OWNER TO countersign_owner;

GRANT USAGE ON SCHEMA control TO countersign_ingress, countersign_policy_kernel, countersign_approval,
  countersign_scheduler, countersign_output_safety, countersign_audit;
GRANT EXECUTE ON FUNCTION control.prove_write TO countersign_ingress, countersign_policy_kernel, countersign_approval,
  countersign_scheduler, countersign_output_safety, countersign_audit;
