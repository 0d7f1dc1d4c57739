// What countersign_policy_kernel may read and call and its code names, as the migrated database has it. `npm run tables`; a test compares.
export type Tables = {
  'policy.activations': {
    scope: string;
    epoch: number;
    version: number;
    snapshot: string;
    bundle_id: number;
    key_ids: string[];
    pools: unknown;
    output_policy: unknown;
    activated_at: string;
  };
  'policy.bundles': {
    bundle_id: number;
    document: string;
    document_sha256: Buffer;
    state: 'pending' | 'published' | 'activated' | 'rejected';
    code: string | null;
    detail: string | null;
    published_at: string;
    judged_at: string | null;
  };
  'policy.published': {
    bundle_id: number;
    version: number;
    snapshot: string;
    scopes: string[];
    not_before: string;
    not_after: string;
    key_ids: string[];
    published_by: string | null;
    published_at: string;
  };
  'policy.shadows': {
    scope: string;
    bundle_id: number;
    until: string;
    set_by: string;
  };
  'policy.versions': {
    scope: string;
    version: number;
    bundle_id: number;
  };
  'scheduler.history': {
    tenant: string;
    job_id: string;
    topic: string;
    created_at: string;
    job_hash: string;
    request: string | null;
    actor: string;
    salt: string | null;
    decisions: string;
  };
};

/** Anything that goes into a function or comes out of it may be null: its signature does not say. */
export type Functions = {
  'control.read': {
    takes: [];
    gives: unknown;
  };
  'scheduler.limit_used': {
    takes: [
      keys: readonly (string | null)[],
      counts: readonly (string | null)[],
      within_ms: readonly (number | null)[],
    ];
    gives: string[] | null;
  };
  'scheduler.run_history': {
    takes: [
      tenants: readonly (string | null)[],
      actors: readonly (string | null)[],
      named: readonly (string | null)[],
      own: readonly (string | null)[],
      within_ms: readonly (number | null)[],
      before: readonly (string | null)[],
      most: number | null,
    ];
    gives: unknown;
  };
};
