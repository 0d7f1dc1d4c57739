// What countersign_scheduler may read and call, as the migrated database has it. Written by `npm run tables`; a test compares.
export type Tables = {
  'approval.outcomes': {
    tenant: string;
    job_id: string;
    held_seq: number;
    approval_id: string;
    state: 'open' | 'granted' | 'refused' | 'expired' | 'voided' | 'withdrawn';
    closed_at: string | null;
    counter_offer: unknown;
  };
  'approval.reviews': {
    review_id: string;
    kind: 'run' | 'break_glass';
    tenant: string;
    job_id: string;
    outcome: 'accepted' | 'finding' | null;
    signed_by: string | null;
  };
  'identity.workers': {
    worker: string;
    pool: string;
    public_key: string;
    created_at: string;
    bus_key: string | null;
    former_key: string | null;
    former_key_until: string | null;
  };
  'output.outcomes': {
    dispatch_id: string;
    tenant: string;
    job_id: string;
    status: 'succeeded' | 'failed' | 'stopped' | 'timed_out';
    retryable: boolean;
    output_decision: 'allow' | 'redact' | 'quarantine';
    rule_id: string | null;
    output_digest: string;
    duration_ms: number;
    screened_at: string;
  };
  'policy.active_pools': {
    scope: string;
    version: number;
    snapshot: string;
    epoch: number;
    pools: unknown;
  };
  'policy.active_scopes': {
    scope: string | null;
  };
  'scheduler.attempts': {
    dispatch_id: string;
    tenant: string;
    job_id: string;
    attempt: number;
    pool: string;
    decision_id: string;
    approval_id: string | null;
    policy_snapshot: string;
    policy_epoch: number;
    effective_digest: string;
    payload_digest: string;
    timeout_ms: number;
    max_attempts: number;
    max_output_bytes: number;
    pool_concurrency: number;
    dispatched_at: string;
    refusals: number;
    refused_claim_id: string | null;
    under_way: boolean | null;
    worker: string | null;
    claim_id: string | null;
    claimed_at: string | null;
    run_until: string | null;
    due_at: string;
    state: 'dispatched' | 'running' | 'reported' | 'ended' | 'lost' | 'void';
    max_affected: number | null;
    worker_concurrency: number | null;
  };
  'scheduler.contexts': {
    tenant: string;
    job_id: string;
    request: string | null;
    rewritten: string | null;
    effective: string | null;
    actor: string;
    salt: string | null;
    plain_digest: string | null;
    decisions: string;
    sealed_until: string | null;
    seal: string | null;
    erased_at: string | null;
  };
  'scheduler.dead_letters': {
    tenant: string;
    job_id: string;
    ended_at: string;
    settled: 'retried' | 'discarded' | null;
    settled_by: string | null;
    settled_at: string | null;
    settled_reason: string | null;
    retried_as: string | null;
  };
  'scheduler.erasable': {
    tenant: string;
    job_id: string;
    content: string;
    erasure_id: string | null;
    look_at: string;
  };
  'scheduler.erasures': {
    erasure_id: string;
    tenant: string;
    job_id: string | null;
    subject: string | null;
    reason: string;
    asked_by: string;
    asked_at: string;
    looked_to: string;
    looked_job: string;
    listed: boolean;
    found: number;
    refused: number;
    held_by: string | null;
  };
  'scheduler.follow_ups': {
    tenant: string;
    job_id: string;
    kind: 'remediates' | 'compensates' | 'retries';
    of_job_id: string;
    asked_by: string;
    created_at: string;
  };
  'scheduler.jobs': {
    tenant: string;
    job_id: string;
    topic: string;
    capability: string | null;
    labels: string;
    actor: string;
    auth_method: string;
    owner: string | null;
    on_behalf_of: string | null;
    job_hash: string;
    idempotency_key: string | null;
    traceparent: string;
    created_at: string;
    deadline_at: string;
    priority: number;
    decision: string;
    rule_id: string | null;
    policy_version: number;
    policy_snapshot: string;
    policy_epoch: number;
    effective_digest: string | null;
    approval_terms: unknown;
    approval_id: string | null;
    held_seq: number;
    pool: string | null;
    not_before: string;
    cancel_requested_by: string | null;
    cancel_reason: string | null;
    waiting: string | null;
    attempt: number;
    runs: number;
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
    reason: string | null;
    result_dispatch_id: string | null;
    updated_at: string;
  };
  'scheduler.legal_holds': {
    hold_id: string;
    tenant: string;
    kind: 'job' | 'run' | 'agent' | 'window';
    target: string | null;
    from_at: string | null;
    until_at: string | null;
    reason: string;
    set_by: string;
    set_at: string;
  };
  'scheduler.limit_open': {
    key: string;
    tenant: string;
    job_id: string;
    look_at: string;
  };
  'scheduler.limit_uses': {
    key: string;
    started_at: string;
    ends_at: string;
    forget_at: string;
    used: string;
  };
  'scheduler.offers': {
    tenant: string;
    job_id: string;
    offer_id: string;
    source: 'policy' | 'approver';
    remediation: unknown;
    reason: string;
    offered_by: string | null;
    offered_at: string;
    taken_as: string | null;
  };
  'scheduler.parked': {
    tenant: string;
    job_id: string;
    key: string;
    place: number;
    deadline_at: string;
  };
  'scheduler.parked_queues': {
    key: string;
    look_at: string;
  };
  'scheduler.retention': {
    tenant: string;
    content: string;
    keep_ms: number;
    set_by: string;
    set_at: string;
  };
  'scheduler.retention_cursors': {
    tenant: string;
    content: string;
    looked_to: string;
    looked_job: string;
  };
  'scheduler.run_reviews': {
    tenant: string;
    job_id: string;
  };
  'scheduler.running_jobs': {
    key: string;
    tenant: string;
    job_id: string;
    attempt: number;
  };
  'scheduler.running_waits': {
    key: string;
    tenant: string;
    job_id: string;
    most: number;
    priority: number;
    created_at: string;
  };
  'scheduler.worker_records': {
    pool: string;
    worker: string;
    version: number;
    digest: string;
  };
  'scheduler.worker_sightings': {
    pool: string;
    worker: string;
    seen_at: string;
    reads_together: boolean;
  };
  'scheduler.worker_uses': {
    pool: string;
    worker: string;
    last_used_at: string;
  };
};

/** Anything that goes into a function or comes out of it may be null: its signature does not say. */
export type Functions = {
  'approval.redeem': {
    takes: [
      p_tenant: string | null,
      p_job_id: string | null,
      p_approval_id: string | null,
      p_job_hash: string | null,
      p_effective_digest: string | null,
      p_snapshot: string | null,
      p_epoch: number | null,
    ];
    gives: string | null;
  };
  'approval.redeem_all': {
    takes: [items: string | null];
    gives: {
      tenant: string | null;
      job_id: string | null;
      outcome: string | null;
      by_grant: string | null;
      grant_use: number | null;
    }[];
  };
  'approval.revoked_uses': {
    takes: [approvals: readonly (string | null)[]];
    gives: string | null;
  };
  'control.ceiling_changed': {
    takes: [who: string | null, since: string | null];
    gives: boolean | null;
  };
  'control.end_expired': {
    takes: [];
    gives: number | null;
  };
  'control.gate': {
    takes: [tenants: readonly (string | null)[], subjects: readonly (string | null)[]];
    gives: unknown;
  };
  'control.gate_since': {
    takes: [known: number | null];
    gives: number | null;
  };
  'control.known': {
    takes: [tenants: readonly (string | null)[], subjects: readonly (string | null)[]];
    gives: unknown;
  };
  'control.prove_write': {
    takes: [service: string | null];
    gives: boolean | null;
  };
  'control.read': {
    takes: [];
    gives: unknown;
  };
  'control.set_switch': {
    takes: [
      switch_id: string | null,
      kind: string | null,
      target: string | null,
      tenant: string | null,
      on: boolean | null,
      reason: string | null,
      by_key: string | null,
      by_principal: string | null,
      auth_method: string | null,
      expires_ms: number | null,
      lift: string | null,
    ];
    gives: number | null;
  };
  'control.stops': {
    takes: [of_tenant: string | null];
    gives: unknown;
  };
  'control.stops_due': {
    takes: [];
    gives: boolean | null;
  };
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
  'scheduler.admit': {
    takes: [
      known: number | null,
      items: string | null,
      texts: string | null,
      bodies: readonly (string | null)[],
      sent_bodies: readonly (string | null)[],
    ];
    gives: string[] | null;
  };
  'scheduler.beat': {
    takes: [
      pool: string | null,
      worker: string | null,
      ids: readonly (string | null)[],
      claims: readonly (string | null)[],
    ];
    gives: boolean | null;
  };
  'scheduler.claim': {
    takes: [
      ids: readonly (string | null)[],
      pools: readonly (string | null)[],
      workers: readonly (string | null)[],
      claims: readonly (string | null)[],
      templates: readonly (string | null)[],
    ];
    gives: {
      place: number | null;
      tenant: string | null;
      job_id: string | null;
      attempt: number | null;
      timeout_ms: number | null;
      max_output_bytes: number | null;
    }[];
  };
  'scheduler.close_queues': {
    takes: [keys: readonly (string | null)[]];
    gives: unknown;
  };
  'scheduler.dispatch': {
    takes: [known: number | null, items: string | null, bodies: readonly (string | null)[]];
    gives: string[] | null;
  };
  'scheduler.is_of': {
    takes: [actor: string | null, on_behalf_of: string | null, subject: string | null];
    gives: boolean | null;
  };
  'scheduler.kept_by': {
    takes: [of_tenant: string | null, of_job: string | null];
    gives: string | null;
  };
  'scheduler.lock_limits': {
    takes: [keys: readonly (string | null)[]];
    gives: unknown;
  };
  'scheduler.outdated': {
    takes: [most: number | null];
    gives: {
      tenant: string | null;
      job_id: string | null;
    }[];
  };
  'scheduler.reserve': {
    takes: [items: string | null];
    gives: {
      place: number | null;
      outcome: string | null;
      limit_id: string | null;
      used: string | null;
      asks: string[] | null;
      asks_used: string[] | null;
    }[];
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
