/** Bounds of the conditions and limits of one rule, and of jobs that wait for a limit: a part of LIMITS, which everybody reads them from. */
export const RULE_BOUNDS = {
  /** Limits of one rule. */
  rule_limits: 8,
  /** The largest count of a limit. */
  limit_count: 1_000_000,
  /** Queues of parked jobs that one look goes through, those that are due first. */
  parked_queues: 32,
  /** Jobs at the head of such a queue that are decided again together. */
  parked_heads: 8,
  /** Characters of one `when`. */
  when_chars: 2_000,
  /** Nodes of one `when`. */
  when_nodes: 256,
  /** Elements of each list or map that a `when` may walk. */
  when_items: 256,
  /** Loops inside loops of a `when`. */
  when_loops: 2,
  /** Characters that the loops of a `when` may look at, all turns together. */
  when_work_chars: 32 * 1024 * 1024,
  /** Sets of types that conditions were checked against and that are kept for the next one. */
  when_environments: 256,
} as const;
