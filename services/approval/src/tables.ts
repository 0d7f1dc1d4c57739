// What countersign_approval may read and call and its code names, as the migrated database has it. `npm run tables`; a test compares.
export type Tables = {
  'approval.approvals': {
    approval_id: string;
    tenant: string;
    job_id: string;
    held_seq: number;
    topic: string;
    capability: string | null;
    requester: string;
    auth_method: string;
    owner: string | null;
    on_behalf_of: string | null;
    job_hash: string;
    effective_digest: string;
    policy_version: number;
    policy_snapshot: string;
    policy_epoch: number;
    rule_id: string | null;
    reason: string;
    stages: unknown;
    max_attempts: number;
    digest: string;
    state: 'open' | 'granted' | 'refused' | 'expired' | 'voided' | 'withdrawn';
    opened_at: string;
    expires_at: string;
    closed_at: string | null;
    redemptions: number;
    redeemed_at: string | null;
    traceparent: string;
    superseded_by: string | null;
    withdrawn_by: string | null;
    withdrawn_because: string | null;
    escalate: unknown;
    break_glass: unknown;
    escalated_at: string | null;
    expires_ms: number | null;
    carried_from: string | null;
    grant: unknown;
    by_grant: string | null;
    grant_use: number | null;
    counter_offer: unknown;
  };
  'approval.grants': {
    grant_id: string;
    tenant: string;
    max_uses: number;
    used: number;
    granted_at: string;
    expires_at: string;
    given_by: string[];
    revoked_by: string | null;
    revoked_at: string | null;
    revoked_because: string | null;
  };
  'approval.reviews': {
    review_id: string;
    kind: 'run' | 'break_glass';
    tenant: string;
    job_id: string;
    topic: string;
    capability: string | null;
    requester: string;
    auth_method: string;
    owner: string | null;
    on_behalf_of: string | null;
    job_hash: string;
    rule_id: string | null;
    traceparent: string;
    opened_at: string;
    outcome: 'accepted' | 'finding' | null;
    signed_by: string | null;
    signed_at: string | null;
    reason: string | null;
  };
  'approval.votes': {
    approval_id: string;
    voter: string;
    auth_method: string;
    vote: 'approve' | 'reject';
    stage: number;
    group: string;
    comment: string | null;
    voted_at: string;
    delegated_by: string | null;
    grant: unknown;
  };
  'scheduler.approval_content': {
    tenant: string;
    job_id: string;
    effective: string | null;
    salt: string | null;
  };
};

/** Anything that goes into a function or comes out of it may be null: its signature does not say. */
export type Functions = {
  'control.gate_since': {
    takes: [known: number | null];
    gives: number | null;
  };
  'identity.lent_votes': {
    takes: [delegate: string | null];
    gives: {
      group_name: string | null;
      delegated_by: string | null;
    }[];
  };
  'identity.persons': {
    takes: [ids: readonly (string | null)[]];
    gives: {
      id: string | null;
      person: string | null;
    }[];
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
  'scheduler.take_reviewable': {
    takes: [max_rows: number | null];
    gives: {
      tenant: string | null;
      job_id: string | null;
      topic: string | null;
      capability: string | null;
      actor: string | null;
      auth_method: string | null;
      owner: string | null;
      on_behalf_of: string | null;
      job_hash: string | null;
      traceparent: string | null;
      rule_id: string | null;
      policy_version: number | null;
      state: string | null;
    }[];
  };
};
