-- Results of a job are found by its dispatches (scheduler.dispatches). Each result wrote this index and nothing but erasing read it.
DROP INDEX output.results_of_job;
