-- What people released after its job's end is in its run from then on (scheduler.run_history).
GRANT USAGE ON SCHEMA output TO countersign_owner;
GRANT SELECT (dispatch_id, action, at) ON output.reviews TO countersign_owner;
