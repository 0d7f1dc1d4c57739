/** What countersign_ingress may read, as the migrated database has it. Written by `npm run tables`; a test compares. */
export type Tables = {
  'control.revocations': {
    subject: string;
    revoked_at: string;
  };
  'identity.api_keys': {
    key_id: string;
    key_sha256: Buffer;
    principal_id: string;
    permissions: string[];
    created_at: string;
    expires_at: string | null;
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
  };
  'identity.tenants': {
    tenant: string;
    created_at: string;
  };
  'identity.workers': {
    worker: string;
    pool: string;
    public_key: string;
    created_at: string;
  };
};
