// What countersign_output_safety may read and call and its code names, as the migrated database has it. `npm run tables`; a test compares.
export type Tables = {
  'identity.workers': {
    worker: string;
    pool: string;
    public_key: string;
    created_at: string;
    bus_key: string | null;
    former_key: string | null;
    former_key_until: string | null;
  };
  'output.artifacts': {
    artifact_id: string;
    dispatch_id: string;
    claim_id: string;
    tenant: string;
    job_id: string;
    topic: string;
    capability: string | null;
    state: 'open' | 'ended' | 'screened' | 'refused';
    blobs: string[];
    bytes: number;
    name: string | null;
    digest: string | null;
    salt: string | null;
    artifact_digest: string | null;
    sealed_key: Buffer | null;
    seal_key_id: string | null;
    decision: 'allow' | 'redact' | 'quarantine' | null;
    rule_id: string | null;
    reason: string | null;
    findings: unknown;
    fail_mode: string | null;
    policy_epoch: number | null;
    shown_blobs: string[];
    shown_name: string | null;
    shown_digest: string | null;
    shown_bytes: number | null;
    place: number | null;
    named_at: string | null;
    erased_at: string | null;
    created_at: string;
    busy_until: string | null;
    clean_at: string | null;
  };
  'output.results': {
    dispatch_id: string;
    tenant: string;
    job_id: string;
    attempt: number;
    pool: string;
    worker: string;
    status: 'succeeded' | 'failed' | 'stopped' | 'timed_out';
    retryable: boolean;
    output_decision: 'allow' | 'redact' | 'quarantine';
    rule_id: string | null;
    reason: string;
    policy_version: number | null;
    policy_snapshot: string | null;
    policy_epoch: number | null;
    findings: unknown;
    output_digest: string;
    salt: string | null;
    content: string | null;
    sealed: Buffer | null;
    seal_key_id: string | null;
    duration_ms: number;
    screened_at: string;
    traceparent: string;
    reviewed: 'proposed' | 'released' | 'discarded' | null;
    erased_at: string | null;
  };
  'output.reviews': {
    dispatch_id: string;
    turn: number;
    action: 'opened' | 'proposed' | 'released' | 'discarded';
    reviewer: string;
    reason: string;
    released_digest: string | null;
    redacted: boolean;
    content: string | null;
    at: string;
    artifacts: string[];
  };
  'policy.active_output': {
    scope: string;
    version: number;
    snapshot: string;
    epoch: number;
    output_policy: unknown;
  };
  'scheduler.releases': {
    tenant: string;
    job_id: string;
    state:
      | 'parked'
      | 'held'
      | 'cleared'
      | 'dispatched'
      | 'running'
      | 'succeeded'
      | 'failed'
      | 'denied'
      | 'refused'
      | 'expired'
      | 'cancelled'
      | 'timed_out'
      | 'quarantined';
    dispatch_id: string | null;
    topic: string;
    capability: string | null;
    actor: string;
    auth_method: string;
    owner: string | null;
    on_behalf_of: string | null;
    job_hash: string;
    pool: string | null;
    traceparent: string;
    run: string | null;
  };
};

/** Anything that goes into a function or comes out of it may be null: its signature does not say. */
export type Functions = {
  'ledger.append': {
    takes: [
      chains: readonly (string | null)[],
      kinds: readonly (string | null)[],
      tenants: readonly (string | null)[],
      topics: readonly (string | null)[],
      bodies: readonly (string | null)[],
    ];
    gives: unknown;
  };
  'scheduler.fence': {
    takes: [dispatch_ids: readonly (string | null)[]];
    gives: {
      dispatch_id: string | null;
      tenant: string | null;
      job_id: string | null;
      topic: string | null;
      capability: string | null;
      actor: string | null;
      auth_method: string | null;
      owner: string | null;
      job_hash: string | null;
      attempt: number | null;
      pool: string | null;
      worker: string | null;
      claim_id: string | null;
      max_output_bytes: number | null;
      traceparent: string | null;
      acceptable: boolean | null;
      code: string | null;
      max_affected: number | null;
    }[];
  };
  'scheduler.finish': {
    takes: [items: string | null, screened: readonly (string | null)[], ended: readonly (string | null)[]];
    gives: string[] | null;
  };
  'scheduler.kept_by': {
    takes: [of_tenant: string | null, of_job: string | null];
    gives: string | null;
  };
  'scheduler.take_erasable': {
    takes: [contents: readonly (string | null)[], default_keep_ms: number | null, max_rows: number | null];
    gives: {
      tenant: string | null;
      job_id: string | null;
      content: string | null;
      erasure_id: string | null;
      asked_by: string | null;
      reason: string | null;
      keep_ms: number | null;
    }[];
  };
};
