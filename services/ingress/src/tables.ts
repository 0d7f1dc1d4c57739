// What countersign_ingress may read and call, as the migrated database has it. Written by `npm run tables`; a test compares.
export type Tables = {
  'control.revocations': {
    subject: string;
    revoked_at: string;
    kind: string | null;
    id: string | null;
    tenant: string | null;
    reason: string | null;
    actor: string | null;
  };
  'identity.api_keys': {
    key_id: string;
    key_sha256: Buffer;
    principal_id: string;
    permissions: string[];
    created_at: string;
    expires_at: string | null;
    tenant: string;
  };
  'identity.bus_accounts': {
    kind: 'pool' | 'tenant' | 'auditor';
    owner: string;
    slot: number;
    created_at: string;
  };
  'identity.bus_users': {
    nkey: string;
    kind: 'agent' | 'auditor';
    tenant: string;
    principal_id: string | null;
    created_at: string;
  };
  'identity.delegations': {
    delegation_id: string;
    principal_id: string;
    delegate_id: string;
    created_at: string;
    expires_at: string;
    group_name: string | null;
  };
  'identity.groups': {
    tenant: string;
    group_name: string;
    created_at: string;
    ended_at: string | null;
  };
  'identity.nonces': {
    principal_id: string;
    nonce: string;
    expires_at: string;
  };
  'identity.principals': {
    principal_id: string;
    tenant: string;
    type: 'agent' | 'human';
    owner: string | null;
    groups: string[];
    ceiling: unknown;
    signing_key: string | null;
    created_at: string;
    person: string | null;
    oidc_subject: string | null;
    former_key: string | null;
    former_key_until: string | null;
  };
  'identity.sessions': {
    session_sha256: Buffer;
    key_id: string;
    made_by_login: boolean;
    created_at: string;
    ends_at: string;
    expires_at: string;
  };
  'identity.tenants': {
    tenant: string;
    created_at: string;
  };
  'identity.tokens': {
    token_id: string;
    principal_id: string;
    key_id: string | null;
    signing_key: string | null;
    scope: string[];
    created_at: string;
    expires_at: string;
    on_behalf_of: string[];
  };
  'identity.uses': {
    subject: string;
    last_used_at: string;
  };
  'identity.webhooks': {
    webhook_id: string;
    tenant: string;
    target: string;
    sealed_url: Buffer;
    key_id: string;
    format: string;
    events: string[];
    since_leaf: number;
    created_by: string;
    created_at: string;
    ended_at: string | null;
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
};

/** Anything that goes into a function or comes out of it may be null: its signature does not say. */
export type Functions = {
  'control.change_ceiling': {
    takes: [
      agent: string | null,
      ceiling: string | null,
      by_key: string | null,
      by_principal: string | null,
      auth_method: string | null,
    ];
    gives: number | null;
  };
  'control.forget_tokens': {
    takes: [ids: readonly (string | null)[]];
    gives: unknown;
  };
  'control.gate': {
    takes: [tenants: readonly (string | null)[], subjects: readonly (string | null)[]];
    gives: unknown;
  };
  'control.known': {
    takes: [tenants: readonly (string | null)[], subjects: readonly (string | null)[]];
    gives: unknown;
  };
  'control.log_end': {
    takes: [];
    gives: number | null;
  };
  'control.prove_write': {
    takes: [service: string | null];
    gives: boolean | null;
  };
  'control.read': {
    takes: [];
    gives: unknown;
  };
  'control.revoke': {
    takes: [
      kind: string | null,
      id: string | null,
      reason: string | null,
      by_key: string | null,
      by_principal: string | null,
      auth_method: string | null,
    ];
    gives: number | null;
  };
  'identity.accounts': {
    takes: [of: string | null];
    gives: string | null;
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
};
