/** One entry of a chain in the form that is hashed. */

/** The hash input. `time_us` is microseconds since 1970, `body` the canonical JSON exactly as stored. */
export type HashedFields = {
  readonly prev_hash: Uint8Array;
  readonly chain: string;
  readonly kind: string;
  readonly recorded_by: string;
  readonly seq: bigint;
  readonly time_us: bigint;
  readonly body: string;
};

export type ChainEntry = HashedFields & { readonly hash: Uint8Array };
