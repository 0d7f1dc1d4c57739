// What countersign_ingress may read and call and its code names, as the migrated database has it. `npm run tables`; a test compares.
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
