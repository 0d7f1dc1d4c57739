-- Files of a quarantined result, by their salted digests: those that whoever opened it was told of, and those that leave with a release.
-- Nobody was told of any until now, so what was released before lets none out.
ALTER TABLE output.reviews ADD COLUMN artifacts text[] NOT NULL DEFAULT '{}';
