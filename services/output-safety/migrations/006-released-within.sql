-- What people released lately, for the runs that it is released into (scheduler.run_history).
CREATE INDEX reviews_released ON output.reviews (at) WHERE action = 'released';
