-- Whether its last hello said that it reads warrants that were signed together.
ALTER TABLE scheduler.worker_sightings ADD COLUMN reads_together boolean NOT NULL DEFAULT false;
