-- Whose turn it is in a pool: by priority, then each tenant's oldest.
DROP INDEX scheduler.jobs_cleared;
CREATE INDEX jobs_cleared ON scheduler.jobs (pool, priority DESC, tenant, created_at) WHERE waiting = 'cleared';
