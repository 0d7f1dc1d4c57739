-- What the person or agent said who cancelled. Free text, so it stands beside the ledger like the comment on a vote.
ALTER TABLE scheduler.jobs ADD COLUMN cancel_reason text;
