// What countersign_audit may read and call, as the migrated database has it. Written by `npm run tables`; a test compares.
export type Tables = {
  'hook.cursor': {
    one: boolean;
    next_leaf: number;
  };
  'hook.deliveries': {
    delivery_id: string;
    tenant: string;
    webhook_id: string;
    event: string;
    leaf_index: number;
    data: string;
    time_us: number;
    created_at: string;
    state: 'pending' | 'delivered' | 'dead';
    attempts: number;
    due_at: string | null;
    outcome: string | null;
    ended_at: string | null;
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
  'kpi.approvals': {
    approval_id: string;
    tenant: string;
    groups: string[];
    opened_us: number;
    closed_us: number | null;
    outcome: string | null;
  };
  'kpi.counts': {
    tenant: string;
    day: string;
    measure: string;
    parts: string;
    count: number;
  };
  'kpi.cursor': {
    one: boolean;
    next_leaf: number;
  };
  'kpi.erased': {
    chain: string;
    leaf_index: number;
  };
  'kpi.remediated': {
    chain: string;
    remediation: string;
  };
  'ledger.checkpoints': {
    tree_size: number;
    root_hash: Buffer;
    note: string;
    made_at: string;
  };
  'ledger.cosignatures': {
    tree_size: number;
    witness: string;
    line: string;
    received_at: string;
  };
  'ledger.entries': {
    id: number | null;
    xid: string | null;
    chain: string | null;
    seq: number | null;
    kind: string | null;
    recorded_by: string | null;
    tenant: string | null;
    topic: string | null;
    time_us: number | null;
    body: string | null;
    prev_hash: Buffer | null;
    hash: Buffer | null;
    row_id: number | null;
  };
  'ledger.entry_rows': {
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
    also_kind: string | null;
    also_recorded_by: string | null;
    also_body: string | null;
    also_hash: Buffer | null;
  };
  'ledger.kinds': {
    kind: string;
    writer: string;
  };
  'ledger.leaves': {
    leaf_index: number | null;
    entry_id: number | null;
    hash: Buffer | null;
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
  'ledger.sealed_leaves': {
    first_leaf: number;
    up_to_id: number;
    entry_ids: number[];
    hashes: Buffer;
  };
  'ledger.sealer': {
    one_row: boolean;
    sealed: string;
    draining: string | null;
    after_id: number;
    last_id: number;
  };
};

/** Anything that goes into a function or comes out of it may be null: its signature does not say. */
export type Functions = {
  'control.prove_write': {
    takes: [service: string | null];
    gives: boolean | null;
  };
  'ledger.finish_publishing': {
    takes: [up_to: number | null];
    gives: unknown;
  };
  'ledger.keep_checkpoint': {
    takes: [
      from_size: number | null,
      tree_size: number | null,
      last_leaf: Buffer | null,
      root_hash: Buffer | null,
      note: string | null,
      levels: readonly (number | null)[],
      indexes: readonly (number | null)[],
      hashes: readonly (Buffer | null)[],
    ];
    gives: boolean | null;
  };
  'ledger.leaf_count': {
    takes: [];
    gives: number | null;
  };
  'ledger.leaf_of': {
    takes: [entry: number | null];
    gives: number | null;
  };
  'ledger.leaves_from': {
    takes: [first: number | null, wanted: number | null];
    gives: {
      leaf_index: number | null;
      entry_id: number | null;
      hash: Buffer | null;
    }[];
  };
  'ledger.next_window': {
    takes: [me: string | null, acked: number | null, seal_leaves: number | null, window_leaves: number | null];
    gives: {
      mine: boolean | null;
      fresh: boolean | null;
      sealed: number | null;
      next_leaf: number | null;
      unpublished: number | null;
      chain: string | null;
      seq: number | null;
      kind: string | null;
      recorded_by: string | null;
      tenant: string | null;
      topic: string | null;
      time_us: number | null;
      body: string | null;
      prev_hash: string | null;
      hash: string | null;
      leaf_index: number | null;
    }[];
  };
  'ledger.publish_from': {
    takes: [me: string | null, next: number | null];
    gives: boolean | null;
  };
  'ledger.seal': {
    takes: [max_leaves: number | null];
    gives: {
      sealed: number | null;
      unpublished: number | null;
    }[];
  };
  'ledger.start_publishing': {
    takes: [];
    gives: number | null;
  };
};
