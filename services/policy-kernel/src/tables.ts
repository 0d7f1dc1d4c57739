/** What countersign_policy_kernel may read, as the migrated database has it. Written by `npm run tables`; a test compares. */
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
