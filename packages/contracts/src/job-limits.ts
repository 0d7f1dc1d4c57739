/** Bounds of what becomes of a job once it is admitted, of its stops, and of looking for it. Part of LIMITS. */
export const JOB_BOUNDS = {
  /** Seconds for which a submission may wait for its job's end. */
  submit_wait_s: 20,
  /** Jobs that output-safety keeps in mind because somebody waits for their end; of the oldest the evidence alone tells. */
  waited_jobs: 16_384,
  /** Rows of one page of a listing. */
  page_rows: 200,
  /** Jobs that one page of a search looks at. Where few meet the filters, it ends there, and its cursor goes on behind them. */
  search_rows: 1_000,
  /** Characters of a listing's cursor. */
  cursor_chars: 200,
  /** Milliseconds within which a stop must be obeyed. */
  stop_ms: 1_000,
  /** For how long a stop may be set that ends by itself; 30 days. */
  stop_expires_ms: 2_592_000_000,
  /** Times that one warrant is offered to workers who refuse it, before its job fails. */
  warrant_offers: 5,
  /** Milliseconds of a worker's lease; it beats several times in each. */
  lease_ms: 15_000,
  /** Reviews of one quarantined output; opening it is one. */
  output_reviews: 100,
} as const;
