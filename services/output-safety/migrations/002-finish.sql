-- A result that ends its job is stored by the step that ends it (scheduler.finish), called by this service alone.
GRANT USAGE ON SCHEMA output TO countersign_owner;
GRANT SELECT (dispatch_id), INSERT ON output.results TO countersign_owner;
