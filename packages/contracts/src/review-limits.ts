/** The bounds of what people look at afterwards, KPIs and quarantine: a part of LIMITS, which everybody reads them from. */
export const REVIEW_LIMITS = {
  /** Leaves that are counted for KPIs in one transaction. */
  kpi_window: 2_000,
  /** Such transactions for one question. */
  kpi_rounds: 40,
  /** Run records of a window that are judged for completeness. */
  kpi_records: 20,
  /** Milliseconds between two countings that nobody asked for. */
  kpi_ms: 60_000,
  /** Days of one question. */
  kpi_days: 400,
  /** Reviews of one quarantined output; opening it is one. */
  output_reviews: 100,
  /** Milliseconds after opening one in which its artifacts can be read; then it has to be opened again. */
  opened_files_ms: 3_600_000,
} as const;
