-- Nobody is let into NATS by a row without evidence (011).
CREATE CONSTRAINT TRIGGER evidence AFTER INSERT ON identity.bus_users
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION control.require_entry();
ALTER TABLE identity.bus_users ENABLE ALWAYS TRIGGER evidence;
CREATE INDEX bus_users_listed ON identity.bus_users (tenant, nkey);
