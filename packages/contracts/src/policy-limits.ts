/** The bounds of policies, of questions to them and of what a kernel keeps: a part of LIMITS, which everybody reads them from. */
export const POLICY_LIMITS = {
  /** Bytes of one file of a policy bundle; as many rules as a policy may have must fit, at a hundred and eighty each. */
  policy_file_bytes: 1792 * 1024,
  /** Bytes of all files of a policy bundle. */
  bundle_bytes: 2 * 1024 * 1024,
  /** Files of a policy bundle. */
  bundle_files: 256,
  /** Bytes of a bundle document as it travels, escaped once more. */
  bundle_document_bytes: 3_900_000,
  /** Requests of one question to simulate or explain. */
  simulate_requests: 100,
  /** Bytes of the body of such a question, its candidate included. */
  question_bytes: 3_000_000,
  /** Bytes of the answers to one question; what would come after is refused. */
  answer_bytes: 3_000_000,
  /** Allowed requests that ingress remembers under fail_mode open; not parted: what is forgotten is answered as under `closed`. */
  fail_open_memory: 10_000,
  /** Milliseconds for which ingress remembers an allowed request under fail_mode open. */
  fail_open_memory_ms: 60 * 60 * 1000,
  /** Policies that a kernel keeps compiled: those in force, published, asked about; not parted: another's costs compiling again. */
  compiled_policies: 32,
  /** Policies that wait in one kernel to be read for somebody, tenants in turns. */
  waiting_policies: 128,
  /** Milliseconds for which a caller waits until a policy was read, stored or put in force. */
  publish_ms: 30_000,
  /** Replays that one kernel has under way at once; tenants share them. */
  replays: 4,
  /** Jobs that one replay decides again. */
  replay_jobs: 10_000,
  /** Milliseconds of one replay. */
  replay_ms: 20_000,
  /** Jobs that a replay reads at once. */
  replay_page: 500,
  /** Groups of differences that a replay lists. */
  replay_groups: 200,
  /** Job ids that it lists in each group. */
  replay_examples: 5,
  /** Decisions that wait for the shadow, tenants in turns; more are dropped. */
  shadow_queue: 1_000,
  /** Differences between shadow and active policy that one replica puts into the ledger per minute; tenants share them. */
  shadow_entries: 120,
  /** Rules of one policy. */
  policy_rules: 10_000,
  /** Entries of any other list in a policy. */
  policy_list: 1_000,
  /** Milliseconds of the longest duration that a policy may name. */
  policy_duration_ms: 90 * 24 * 60 * 60 * 1000,
  /** Faults of one policy that its compiler names; an author fixes those first. */
  policy_faults: 500,
  /** Names that a fault is compared with to guess which one was meant. */
  suggested_names: 100,
  /** Pairs of rules that one lint compares. */
  lint_comparisons: 500_000,
  /** Decisions kept for the dispatch gate's second look; not parted: another tenant's costs deciding again. */
  decision_cache_rows: 10_000,
  /** Milliseconds for which a kept decision answers. */
  decision_cache_ms: 60_000,
  /** Milliseconds of deciding between two looks at the event loop. */
  decide_slice_ms: 10,
} as const;
