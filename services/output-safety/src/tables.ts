/** What countersign_output_safety may read, as the migrated database has it. Written by `npm run tables`; a test compares. */
export type Tables = {
  'identity.workers': {
    worker: string;
    pool: string;
    public_key: string;
    created_at: string;
  };
  'output.rejections': {
    dispatch_id: string;
    count: number;
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
  };
};
