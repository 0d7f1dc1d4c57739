-- When content that was screened, and content that people let out of quarantine, was erased. The digests stay.
ALTER TABLE output.results ADD COLUMN erased_at timestamptz;
GRANT UPDATE (content, erased_at) ON output.results TO countersign_output_safety;
GRANT UPDATE (content) ON output.reviews TO countersign_output_safety;
