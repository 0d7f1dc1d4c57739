/** Every bound that callers, authors, operators or two files meet, declared once. What one file alone knows stands at its top. */
import { CREDENTIAL_LIMITS } from './credential-limits.ts';
import { EVIDENCE_BOUNDS } from './evidence-limits.ts';
import { JOB_BOUNDS } from './job-limits.ts';
import { MCP_LIMITS } from './mcp-limits.ts';
import { POLICY_LIMITS } from './policy-limits.ts';
import { REVIEW_LIMITS } from './review-limits.ts';
import { RULE_BOUNDS } from './rule-bounds.ts';
import { SCAN_BOUNDS } from './scan-limits.ts';
import { WEBHOOK_LIMITS } from './webhook-limits.ts';
import { WORKER_DOOR_LIMITS } from './worker-door-limits.ts';

export const LIMITS = {
  ...CREDENTIAL_LIMITS,
  ...EVIDENCE_BOUNDS,
  ...RULE_BOUNDS,
  ...JOB_BOUNDS,
  ...MCP_LIMITS,
  ...POLICY_LIMITS,
  ...REVIEW_LIMITS,
  ...SCAN_BOUNDS,
  ...WEBHOOK_LIMITS,
  ...WORKER_DOOR_LIMITS,
  /** Bytes of one job request as submitted. */
  request_bytes: 512 * 1024,
  /** Bytes of its canonical text, where a number may be longer than it was written. */
  canonical_bytes: 640 * 1024,
  /** Bytes that agent, timestamp, nonce and signature add to a request on the bus. */
  signature_bytes: 4 * 1024,
  /** Faults that the verification of an export lists before it stops. */
  export_faults: 100,
  /** Bytes of what JetStream keeps beside all streams. */
  store_margin_bytes: 64 * 1024 * 1024,
  /** Bytes of what one tenant's agents have left on the bus and ingress has not read: its share of the intake. */
  intake_bytes: 32 * 1024 * 1024,
  /** Tenants that may have a door on the bus: there is room for the share of each. */
  intake_tenants: 64,
  /** Pools that may have workers on the bus: each has an account of its own. */
  bus_pools: 128,
  /** Connections that wait to be looked up in the registry; those beyond are turned away and come again. */
  queued_connections: 4_096,
  /** Milliseconds that the server gives a connection to be let in. */
  connect_ms: 3_000,
  /** Milliseconds between two looks whether somebody was revoked who is connected to the bus. */
  revocation_look_ms: 200,
  /** Connections that one look at the server lists at a time. */
  listed_connections: 512,
  /** Milliseconds within which a stream drops a message whose id it has already stored. */
  duplicate_ms: 2 * 60 * 1000,
  /** Bytes of one worker's result content. */
  output_bytes: 1024 * 1024,
  /** Milliseconds that the reading of one policy may take in a child process; the largest takes about a thousand. */
  policy_reading_ms: 30_000,
  /** MiB of heap that the process which reads policies may take. */
  policy_process_mb: 1_024,
  /** Times that a result is screened anew because the policy changed meanwhile. */
  screenings: 3,
  /** Refused results of one dispatch that are recorded; the rest is only counted. */
  recorded_rejections: 3,
  /** Tenants whose output policy is kept compiled; not parted: another tenant's costs a reading again. */
  cached_policies: 1_000,
  /** Characters of a request's prompt. */
  prompt_chars: 200_000,
  /** Labels of one job. */
  labels: 32,
  /** Characters of a label's value. */
  label_chars: 256,
  /** Risk tags of one job, and capabilities that it may require. */
  risk_tags: 32,
  /** Characters of the comment on a vote. */
  comment_chars: 2_000,
  /** Characters of a reason: a rule's, a cancellation's. */
  reason_chars: 500,
  /** Segments of a topic after `job.`. */
  topic_segments: 8,
  /** Characters of one token of a subject, of a code and of a step in a place. */
  token_chars: 64,
  /** Jobs in one group commit. */
  batch_rows: 128,
  /** Rows from which a batch counts as busy: then the next one waits `batch_delay_ms`, so that more share its commit. */
  busy_rows: 8,
  /** Milliseconds for which a busy batch waits for more; a quiet system never waits. */
  batch_delay_ms: 2,
  /** Milliseconds for which a submission waits for others to share its steps. */
  gather_ms: 20,
  /** Milliseconds for which it waits at most where one bunch that is worth it follows the other. */
  gather_most_ms: 50,
  /** Other submissions that must be under way for that; one client that asks again after each answer never waits. */
  gather_others: 2,
  /** Size of a bunch from which the next one gathers too, though nobody is under way when its first comes. */
  gather_worth: 4,
  /** Submissions that leave at once, however short they waited. */
  gather_rows: 32,
  /** Requests that may wait for a group commit before callers are told to come back. */
  queued_rows: 4_096,
  /** Milliseconds a caller waits for an RPC answer. */
  rpc_ms: 3_000,
  /** Milliseconds of silence after which a repeatable question is asked again: another instance may hear it. */
  repeat_after_ms: 500,
  /** Milliseconds between that and each further time, until it is answered or the caller gives up. */
  repeat_every_ms: 200,
  /**
   * Copies of a repeated question: the server hands each to an instance by chance, and who has the question in hand takes no
   * copy of it.
   */
  repeat_copies: 4,
  /** Milliseconds the policy kernel has for one decision. */
  decide_ms: 2_000,
  /** Rewrites of one request by remediation. */
  rewrites: 3,
  /** Milliseconds after which a job that waits for others to end is looked at again by itself: its policy may be another. */
  running_wait_ms: 30_000,
  /** Jobs sent to a pool beyond its free slots, so that no worker waits for the next. */
  dispatch_window: 8,
  /** Bytes of results that share one message; a larger one goes by itself. */
  together_bytes: 128 * 1024,
  /** Milliseconds between two beats of a worker. */
  beat_ms: 400,
  /** Milliseconds between two beats of a worker that runs nothing: they say that it lives. */
  idle_beat_ms: 15_000,
  /** Milliseconds for which a worker counts as alive after it was heard of. */
  worker_alive_ms: 45_000,
  /** Jobs that one worker runs at once: leaves room in a beat for results that are reported but not settled. */
  worker_concurrency: 500,
  /** Scheduler keys that a worker pins; more than one only while they rotate. */
  pinned_keys: 8,
  /** Times that a worker asks for the same claim: when only the answer was lost, a new claim would lose to the old. */
  claim_tries: 2,
  /** Milliseconds for which a worker takes nothing after it refused a warrant, so that another one gets it; they double. */
  refusal_pause_ms: 2_000,
  /** Milliseconds to which that pause grows. */
  longest_refusal_pause_ms: 60_000,
  /** Milliseconds for which a worker that starts waits for the scheduler's answer. */
  start_wait_ms: 30_000,
  /** Milliseconds before a delivery that met an outage comes again. */
  redeliver_ms: 1_000,
  /** Attempts that one beat may name; what a worker runs and keeps at once. */
  beat_attempts: 1_000,
  /** Bytes of unsettled results that a worker keeps before it takes no more work. */
  kept_result_bytes: 64 * 1024 * 1024,
  /** Bytes of results that one output-safety has under way at once; who comes beyond asks again. */
  received_result_bytes: 64 * 1024 * 1024,
  /** Milliseconds that a handler has to end after its signal, before its attempt is reported without it. */
  stop_grace_ms: 2_000,
  /** Milliseconds from a reported result to its screening, then the attempt is lost. */
  screening_ms: 60_000,
  /** Milliseconds between two sweeps of a service over its own rows. */
  sweep_ms: 500,
  /** Milliseconds between two sweeps while nothing is open; whoever brings something wakes the sweep. */
  sweep_idle_ms: 2_000,
  /** Milliseconds between two looks at what seldom changes: which bundles shadow, which tenants have a door on the bus. */
  sweep_seldom_ms: 5_000,
  /** Milliseconds between two looks for new entries to seal while there are some: a pause makes batches of them. */
  seal_busy_ms: 100,
  /** Milliseconds after which the audit service looks for new entries although nothing woke it. */
  seal_idle_ms: 5_000,
  /** Milliseconds between two looks of a stream's owner whether it stands. */
  stream_check_ms: 2_000,
  /** Milliseconds between two looks at each of its consumers, although their number is right. */
  consumers_check_ms: 30_000,
  /** Milliseconds between two writes that show whether a stream still takes messages. */
  write_probe_ms: 10_000,
  /** Milliseconds between two writes that show whether Postgres still takes them. */
  database_probe_ms: 20_000,
  /** Milliseconds between two looks whether the audit stream still holds what it should. */
  audit_check_ms: 15_000,
  /** Leaves that are published again, at most, when the audit stream was lost: a replay is served from Postgres. */
  rebuild_leaves: 100_000,
  /** Kinds of entry that one question to the ledger may name. */
  entry_kinds: 32,
  /** Days for which content is kept where its tenant says nothing: six months, as the EU AI Act (19, 26) asks. */
  keep_days: 190,
  /** Days for which a tenant may have content kept. */
  keep_days_max: 36_500,
  /** Contents that one transaction erases, and jobs that one looks at for some. */
  erase_rows: 500,
  /** Milliseconds between two looks for content whose time is over. */
  erase_ms: 60_000,
  /** Milliseconds between two looks for jobs whose content has become old. */
  retention_ms: 600_000,
  /** Legal holds of one tenant: each is compared with every content that is to be erased. */
  legal_holds: 1_000,
  /** Leaves that one question to replay looks at; its answer says where to go on. */
  replay_leaves: 5_000,
  /** Bytes of one entry's body: with its quotes escaped it fits into a message. `ledger.entries` refuses more. */
  entry_bytes: 2_000_000,
  /** Entries sealed in one transaction. */
  seal_leaves: 2_000,
  /** Milliseconds from a sealed entry to a signed checkpoint that covers it. */
  checkpoint_ms: 800,
  /** Leaves that the Merkle tree takes up under one checkpoint when it has fallen behind. */
  tree_leaves: 2_000,
  /** Entries published to the audit stream with acknowledgements outstanding. */
  publish_window: 500,
  /** Entries of one chain that a timeline or a run record reads; a chain that is longer is never called verified. */
  chain_entries: 2_000,
  /** Milliseconds for which a session may be silent inside a transaction before it is ended: it may hold back a stop. */
  silent_transaction_ms: 500,
  /** Milliseconds a job may wait and run when it names no deadline. */
  deadline_ms: 24 * 60 * 60 * 1000,
  /** Milliseconds an attempt may run when no constraint says so. */
  timeout_ms: 5 * 60 * 1000,
  /** Attempts of a job when no constraint says so. */
  attempts: 3,
  /** Milliseconds by which a signed request's timestamp may differ from the time it was stored. */
  signature_skew_ms: 5 * 60 * 1000,
  /** Milliseconds for which an approval stands open when its rule says nothing else. */
  approval_expires_ms: 60 * 60 * 1000,
  /** Jobs of a run that its facts are computed from; of a longer one nothing is known, and what asks denies. */
  run_jobs: 1_000,
  /** Jobs that one yes may be given for. */
  grant_uses: 1_000,
  /** Minutes for which one yes may be given. */
  grant_minutes: 24 * 60,
  /** Fields that have to be the same in all of them. */
  grant_fields: 8,
  /** Held jobs that an activation counts. */
  asked_again: 10_000,
  /** Milliseconds a draining service waits for work under way. */
  drain_ms: 10_000,
  /** Event streams that one ingress keeps open at once; keys and tenants share them, and the longest idle one goes first. */
  sse_clients: 500,
  /** Requests that one ingress has under way at once, through all its doors; keys and tenants share them (shares.ts). */
  door_requests: 3_072,
  /** Bytes of bodies that one ingress holds at once; tenants share them. */
  door_bytes: 64 * 1024 * 1024,
  /** Milliseconds of silence on an event stream before a comment keeps it open and the timeline is read again. */
  sse_heartbeat_ms: 15_000,
  /** Entries that wait for a slow reader of an event stream before it is cut off; it can resume. */
  sse_queue: 256,
  /** Milliseconds for which ingress believes what it read of a credential; with it revocation bites within `stop_ms`. */
  auth_cache_ms: 500,
  /** Tenants, actors and keys of which the scheduler remembers what `control` says, as of one revision. */
  known_names: 10_000,
  /** Credentials that ingress believes at once; not parted: another's costs a look into Postgres again. */
  auth_cache_entries: 10_000,
  /** Wrong keys that are looked up at once, from one network and with one beginning; then one each `wrong_key_ms`. */
  wrong_keys: 100,
  /** Milliseconds after which one more wrong key may be tried. */
  wrong_key_ms: 1_000,
  /** Networks and beginnings of keys whose wrong tries are counted at once. */
  wrong_key_sources: 10_000,
  /** Characters that count as a key's beginning, `cs_` included. */
  key_prefix_chars: 6,
  /** Characters of an `Idempotency-Key`. */
  idempotency_key_chars: 120,
  /** Times that one submission is decided when the policy changes under it. */
  decide_tries: 3,
  /** Faults of one request that the answer's detail names. */
  reported_faults: 10,
} as const;
