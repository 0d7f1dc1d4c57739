-- Bundles come in by `rpc.policy.publish` alone. A row that still waits is judged by nobody; publishing its document makes
-- use of it. The state `pending` and its columns stay: older kernels may run beside, and a row starts as that within the
-- transaction that publishes it.
DROP INDEX policy.bundles_pending;
COMMENT ON COLUMN policy.published.published_by IS 'null: by an older kernel, for what came as a row';
