/** Bounds of what is read, hashed and proven, apart for whoever verifies with nothing else at hand, as a browser does. Part of LIMITS. */
export const EVIDENCE_BOUNDS = {
  /** Nesting depth of any JSON that comes from outside. */
  json_depth: 32,
  /** Levels of any value that is made canonical; no parse may allow more. Bounds the recursion of both. */
  canonical_depth: 256,
  /** Characters of a JSON pointer shown in a fault. */
  pointer_chars: 200,
  /** Fewest bytes of a content's salt. */
  salt_bytes: 16,
  /** Bytes of one signed checkpoint. */
  checkpoint_bytes: 64 * 1024,
  /** Signatures on one checkpoint. */
  checkpoint_signatures: 100,
  /** Leaves are in the order of commits: microseconds that an entry may stand before one that was recorded earlier. */
  out_of_order_us: 60_000_000,
  /** `max_payload` of NATS: the largest message, signed bundles included. */
  message_bytes: 4 * 1024 * 1024,
} as const;
