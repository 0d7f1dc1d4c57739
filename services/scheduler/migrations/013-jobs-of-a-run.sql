-- The jobs of one run, which the label `run` names, in the order of listings. A job without the label is not in it.
CREATE INDEX jobs_of_run ON scheduler.jobs (tenant COLLATE "C", (labels::jsonb ->> 'run'), created_at DESC, job_id DESC)
  WHERE labels LIKE '%"run":%';
