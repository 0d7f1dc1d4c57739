// What countersign_audit may read and call and its code names, as the migrated database has it. `npm run tables`; a test compares.
/** Anything that goes into a function or comes out of it may be null: its signature does not say. */
export type Functions = {
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
};
