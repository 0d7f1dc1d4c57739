/** Every metric, declared once: services register from here, documents are made from here. No label holds content. */

type Kind = 'counter' | 'gauge' | 'histogram';
export type MetricSpec = { kind: Kind; help: string; labels: readonly string[]; buckets?: readonly number[] };

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/** Names without the prefix, which is a setting (`METRICS_PREFIX`, by default `countersign_`). */
export const METRICS = {
  forward_entries_total: {
    kind: 'counter',
    help: 'Ledger entries that a receiver outside (SIEM, collector of traces) has taken; told by `countersign audit forward`',
    labels: [],
  },
  forward_failures_total: {
    kind: 'counter',
    help: 'Times that handing evidence on failed, by part: source (the API), receiver, cursor (the disk with the place)',
    labels: ['part'],
  },
  forward_dropped_spans_total: { kind: 'counter', help: 'Spans that a collector refused for good', labels: [] },
  forward_waiting_leaves: { kind: 'gauge', help: 'Leaves of the log that the receiver has not heard', labels: [] },
  http_requests_total: { kind: 'counter', help: 'HTTP requests by route and status', labels: ['route', 'status'] },
  http_request_seconds: { kind: 'histogram', help: 'HTTP request duration', labels: ['route'], buckets: seconds },
  intake_refused_total: {
    kind: 'counter',
    help: 'Signed requests from the bus that were refused, by code',
    labels: ['code'],
  },
  credentials_refused_total: {
    kind: 'counter',
    help: 'Credentials over HTTP that were refused, by method (api_key, signature, token, none) and code',
    labels: ['method', 'code'],
  },
  keys_ending: {
    kind: 'gauge',
    help: 'API keys that end within a week and were used in the last one; those of logins, and what lives two weeks at most, are not meant',
    labels: [],
  },
  tokens_issued_total: { kind: 'counter', help: 'Short-lived tokens issued', labels: [] },
  bus_connections_total: {
    kind: 'counter',
    help: 'Connections to NATS that asked to be let in, by outcome: let_in, or the code of the refusal',
    labels: ['outcome'],
  },
  bus_connections_ended_total: {
    kind: 'counter',
    help: 'Connections to NATS that were ended because whose they are was revoked',
    labels: [],
  },
  event_streams: { kind: 'gauge', help: 'Open event streams', labels: [] },
  log_lines_dropped_total: {
    kind: 'counter',
    help: 'Log lines that were not written, by reason: unwritable (full disk, reader gone), repeated (counted in one line instead)',
    labels: ['reason'],
  },
  up: {
    kind: 'gauge',
    help: 'Whether an instance answers (1) or not (0); told by whoever gathers the metrics, for every part of the system',
    labels: ['instance'],
  },
  build_info: {
    kind: 'gauge',
    help: 'Always 1: the version of the service and of the Node that it runs on',
    labels: ['version', 'node'],
  },
  clock_timestamp_seconds: {
    kind: 'gauge',
    help: 'Unix time by the clock of the machine, when it was asked',
    labels: [],
  },
  restarts_total: {
    kind: 'counter',
    help: 'Times that a part of the system had died and was started again, by instance; told by the launcher',
    labels: ['instance'],
  },
  given_up: {
    kind: 'gauge',
    help: 'Whether a part of the system died so often that the launcher has stopped starting it again (1)',
    labels: ['instance'],
  },
  rpc_requests_total: {
    kind: 'counter',
    help: 'RPC requests answered, by verb and outcome',
    labels: ['verb', 'outcome'],
  },
  messages_unreadable_total: {
    kind: 'counter',
    help: 'Messages that were passed over because they are not what their subject says, by family of subjects',
    labels: ['subject'],
  },
  rpc_repeats_total: {
    kind: 'counter',
    help: 'Questions asked again because nobody had answered them, by verb',
    labels: ['verb'],
  },
  rpc_mismatches_total: {
    kind: 'counter',
    help: 'Answers thrown away because they belong to another question, by verb and by what differs: question, content',
    labels: ['verb', 'differs'],
  },
  decisions_total: { kind: 'counter', help: 'Decisions by gate and decision', labels: ['gate', 'decision'] },
  decision_seconds: { kind: 'histogram', help: 'Time to decide', labels: ['gate'], buckets: seconds },
  decision_cache_total: {
    kind: 'counter',
    help: 'Decision cache by outcome: hit, miss, eviction',
    labels: ['outcome'],
  },
  input_fail_open_total: {
    kind: 'counter',
    help: 'Jobs let through at submit with the kernel out of reach, under fail_mode open',
    labels: [],
  },
  dispatch_fail_open_total: {
    kind: 'counter',
    help: 'Jobs dispatched on their earlier decision with the kernel out of reach, under fail_mode open',
    labels: [],
  },
  policy_epoch: { kind: 'gauge', help: 'Epoch of the active policy, by scope', labels: ['scope'] },
  policy_ends_timestamp_seconds: {
    kind: 'gauge',
    help: 'Unix time at which the active policy stops to decide, by scope',
    labels: ['scope'],
  },
  policy_expired_total: { kind: 'counter', help: 'Questions met by an expired policy, by gate', labels: ['gate'] },
  policy_observed_total: {
    kind: 'counter',
    help: 'Jobs let through by a policy in mode observe, by gate and by what it would have decided',
    labels: ['gate', 'decision'],
  },
  policy_shadow_total: {
    kind: 'counter',
    help: 'Decisions of shadowing policies, by difference from the active one; also same, dropped, failed',
    labels: ['kind'],
  },
  policy_rejected_total: { kind: 'counter', help: 'Bundles refused, by code', labels: ['code'] },
  jobs_admitted_total: { kind: 'counter', help: 'Jobs admitted, by initial state', labels: ['state'] },
  jobs_ended_total: { kind: 'counter', help: 'Jobs ended, by terminal state', labels: ['state'] },
  jobs_waiting: { kind: 'gauge', help: 'Jobs not ended, by state', labels: ['state'] },
  pool_waiting_jobs: { kind: 'gauge', help: 'Jobs cleared and not sent, by pool', labels: ['pool'] },
  pool_oldest_waiting_seconds: { kind: 'gauge', help: 'Age of the oldest of them', labels: ['pool'] },
  pool_unclaimed_seconds: {
    kind: 'gauge',
    help: 'For how long the oldest warrant of the pool that was sent has waited for a worker',
    labels: ['pool'],
  },
  pool_workers_alive: {
    kind: 'gauge',
    help: 'Workers of the pool that were heard of within 45 s, busy or not; every scheduler tells the same',
    labels: ['pool'],
  },
  dispatches_total: { kind: 'counter', help: 'Attempts dispatched, by pool', labels: ['pool'] },
  warrant_signatures_total: {
    kind: 'counter',
    help: 'Signatures made for them: fewer where warrants of one moment share one',
    labels: ['pool'],
  },
  attempts_lost_total: { kind: 'counter', help: 'Attempts whose lease or screening deadline ran out', labels: [] },
  warrants_refused_total: { kind: 'counter', help: 'Warrants that workers refused, by code', labels: ['code'] },
  approvals_open: { kind: 'gauge', help: 'Approvals waiting for votes', labels: [] },
  reviews_open: { kind: 'gauge', help: 'Reviews that nobody has signed off', labels: [] },
  reviews_oldest_seconds: { kind: 'gauge', help: 'Age of the oldest of them', labels: [] },
  approvals_closed_total: { kind: 'counter', help: 'Approvals closed, by state', labels: ['state'] },
  approval_latency_seconds: {
    kind: 'histogram',
    help: 'From opening to the closing vote',
    labels: [],
    buckets: [1, 5, 15, 60, 300, 900, 3600, 14400, 86400],
  },
  output_policy_allow_total: { kind: 'counter', help: 'Outputs released as they were', labels: [] },
  output_policy_redact_total: { kind: 'counter', help: 'Outputs released with matches removed', labels: [] },
  output_policy_quarantine_total: { kind: 'counter', help: 'Outputs held back', labels: [] },
  quarantine_reviews_total: {
    kind: 'counter',
    help: 'Quarantined outputs that were opened, proposed for release, released or discarded, by action',
    labels: ['action'],
  },
  scans_failed_total: {
    kind: 'counter',
    help: 'Scans that gave no answer, by gate (submit, dispatch, output) and fault (deadline, crash, memory, busy): denied, or quarantined unless fail_mode is open',
    labels: ['gate', 'fault'],
  },
  model_calls_total: {
    kind: 'counter',
    help: 'Questions to a model-based detector, by gate (submit, dispatch, output) and outcome: answered, or a fault (deadline, busy, error, invalid, too_large, missing)',
    labels: ['gate', 'outcome'],
  },
  output_fail_open_total: {
    kind: 'counter',
    help: 'Outputs let through unscreened: the scan failed under fail_mode open',
    labels: [],
  },
  content_erased_total: {
    kind: 'counter',
    help: 'Contents erased, by kind (payloads, results, quarantined, comments) and why (retention, request)',
    labels: ['content', 'why'],
  },
  content_sweeps_total: {
    kind: 'counter',
    help: 'Batches in which content was erased, each with an entry',
    labels: [],
  },
  results_rejected_total: { kind: 'counter', help: 'Results refused before screening, by code', labels: ['code'] },
  ledger_sealed_total: { kind: 'counter', help: 'Ledger entries sealed', labels: [] },
  stream_faults: {
    kind: 'gauge',
    help: '1 while a stream does not stand as declared (missing), takes no messages (write), or is the share of a tenant that has filled it (full), by stream; else 0',
    labels: ['stream', 'fault'],
  },
  streams_remade_total: {
    kind: 'counter',
    help: 'Streams and consumers that were lost while the system ran and were made again, by stream',
    labels: ['stream'],
  },
  database_refuses_writes: {
    kind: 'gauge',
    help: '1 while Postgres takes no writes of this service: a full disk, a server that only reads, a missing grant',
    labels: [],
  },
  audit_leaves_missing_total: {
    kind: 'counter',
    help: 'Leaves that the audit stream should have held and did not; they are published again',
    labels: [],
  },
  ledger_tree_size: { kind: 'gauge', help: 'Leaves under the last signed checkpoint', labels: [] },
  ledger_unsigned: { kind: 'gauge', help: 'Sealed entries that no signed checkpoint covers yet', labels: [] },
  ledger_checkpoints_total: { kind: 'counter', help: 'Checkpoints of the ledger signed and kept', labels: [] },
  ledger_cosignatures_total: {
    kind: 'counter',
    help: 'Answers of witnesses to a checkpoint, by outcome: cosigned, refused, unreachable',
    labels: ['outcome'],
  },
  webhook_deliveries_total: {
    kind: 'counter',
    help: 'Tries of webhooks by what became of the delivery: delivered, pending (tried again later), dead',
    labels: ['outcome'],
  },
  webhook_deliveries_waiting: { kind: 'gauge', help: 'Deliveries of webhooks that are not made yet', labels: [] },
  ledger_unpublished: { kind: 'gauge', help: 'Sealed entries not yet on the audit stream', labels: [] },
} as const satisfies Record<string, MetricSpec>;
export type MetricName = keyof typeof METRICS;
