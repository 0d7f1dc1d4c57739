// What countersign_scheduler may read and call and its code names, as the migrated database has it. `npm run tables`; a test compares.
export type Tables = {
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
  'scheduler.retention': {
    tenant: string;
    content: string;
    keep_ms: number;
    set_by: string;
    set_at: string;
  };
  'scheduler.worker_uses': {
    pool: string;
    worker: string;
    last_used_at: string;
  };
};

/** Anything that goes into a function or comes out of it may be null: its signature does not say. */
export type Functions = {
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
  'control.end_expired': {
    takes: [];
    gives: number | null;
  };
  'control.gate_since': {
    takes: [known: number | null];
    gives: number | null;
  };
  'control.known': {
    takes: [tenants: readonly (string | null)[], subjects: readonly (string | null)[]];
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
  'scheduler.kept_by': {
    takes: [of_tenant: string | null, of_job: string | null];
    gives: string | null;
  };
  'scheduler.lock_limits': {
    takes: [keys: readonly (string | null)[]];
    gives: unknown;
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
