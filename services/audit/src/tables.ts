/** What countersign_audit may read, as the migrated database has it. Written by `npm run tables`; a test compares. */
export type Tables = {
  'ledger.checkpoints': {
    tree_size: number;
    root_hash: Buffer;
    note: string;
    made_at: string;
  };
  'ledger.entries': {
    id: number;
    xid: string;
    chain: string;
    seq: number;
    kind: string;
    recorded_by: string;
    tenant: string | null;
    topic: string | null;
    time_us: number;
    body: string;
    prev_hash: Buffer;
    hash: Buffer;
  };
  'ledger.kinds': {
    kind: string;
    writer: string;
  };
  'ledger.leaves': {
    leaf_index: number;
    entry_id: number;
    hash: Buffer;
  };
  'ledger.nodes': {
    level: number;
    node_index: number;
    hash: Buffer;
  };
  'ledger.published': {
    one_row: boolean;
    next_leaf: number;
    publisher: string | null;
    held_until: string;
  };
  'ledger.sealer': {
    one_row: boolean;
    sealed: string;
    draining: string | null;
    after_id: number;
    last_id: number;
  };
};
