/** Bounds of scanning: of contents, of an operator's own rules, and of the processes apart. Part of LIMITS. */
export const SCAN_BOUNDS = {
  /** Characters of content from which on it is scanned in a child process. */
  inline_scan_bytes: 64 * 1024,
  /** Milliseconds that the scan of one request's content may take in a child process; then it counts as failed. */
  input_scan_ms: 1_500,
  /** Milliseconds that the screening of one result may take in a child process; then it counts as failed. */
  output_scan_ms: 5_000,
  /** Scanner rules of an operator's own in one policy, those of gitleaks files included. */
  own_rules: 500,
  /** Characters of one expression of an own rule, and of one of its examples. */
  own_rule_chars: 4_000,
  /** Expressions, keywords or stop words in one list of an own rule. */
  own_rule_list: 2_000,
  /** Exceptions of one own rule, and gitleaks files of one policy. */
  own_rule_allows: 16,
  /** Examples of each kind that one own rule may have. */
  own_rule_examples: 16,
  /** Instructions that one expression of an own rule may compile to. */
  own_rule_instructions: 5_000,
  /** Instructions that all expressions of the own rules of one policy may compile to. */
  own_rules_instructions: 100_000,
  /** Characters of all keywords of the own rules of one policy. */
  own_keyword_chars: 32_000,
  /** Instructions times characters that own rules may take of one scan in the process that decides or screens; what takes
   * more is scanned in a child process. */
  inline_rule_work: 1_000_000,
  /** Models that one policy may want findings of. */
  models: 16,
  /** Findings that one answer of a model-based detector may hold. */
  model_findings: 1_000,
  /** Bytes of one such answer. */
  model_answer_bytes: 256 * 1024,
  /** Countries that one file of a policy may name for scanning. */
  scan_countries: 32,
  /** Child processes of one service that scan. */
  scan_processes: 2,
  /** Scans that wait for a child process; more count as failed. */
  queued_scans: 64,
  /** MiB of heap that one scanning process may take. */
  scan_process_mb: 256,
} as const;
