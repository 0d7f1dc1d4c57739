/** The bounds of how callers prove who they are: a part of LIMITS, which everybody reads them from. */
export const CREDENTIAL_LIMITS = {
  /** Milliseconds for which a signed HTTP request may be sent: from `created` to `expires`. */
  signature_life_ms: 5 * 60 * 1000,
  /** Milliseconds by which the clock of who signs an HTTP request may be ahead. */
  signature_ahead_ms: 60 * 1000,
  /** Milliseconds for which a nonce is remembered beyond its request, so that two clocks of ours may differ. */
  nonce_margin_ms: 5 * 60 * 1000,
  /** Signed HTTP requests that one agent may send one ingress at once; then one each `signed_request_ms`. */
  signed_requests: 2_000,
  /** Milliseconds after which an agent may send one more; bounds the nonces that are remembered of it. */
  signed_request_ms: 5,
  /** Characters of a `Signature-Input`. */
  signature_input_chars: 1_024,
  /** Milliseconds of the longest life of a token. */
  token_ms: 15 * 60 * 1000,
  /** Milliseconds by which the clocks of two ingresses may differ in judging a token. */
  token_skew_ms: 5_000,
  /** Characters of a token. */
  access_token_chars: 4_096,
  /** Tokens of one principal that are alive at once. */
  live_tokens: 200,
  /** Keys that tokens are verified with beside the one that signs, while it is rotated. */
  token_keys: 4,
  /** Principals on whose behalf, one after the other, one job may be done. */
  delegation_links: 4,
  /** Milliseconds for which one principal may let another act for it. */
  delegation_ms: 90 * 24 * 60 * 60 * 1000,
  /** Delegations that one principal may have given and that stand. */
  delegations: 200,
  /** Milliseconds of the longest session of a person who logs in. */
  session_ms: 24 * 60 * 60 * 1000,
  /** Milliseconds after which a session of the console ends, whatever is done in it. */
  console_session_ms: 12 * 60 * 60 * 1000,
  /** Milliseconds after which one ends in which nobody did anything. */
  console_idle_ms: 30 * 60 * 1000,
  /** Milliseconds by which a use has to move its end before it is written. */
  console_use_ms: 60 * 1000,
  /** Sessions of one key that are open at once; beyond that the oldest ends. */
  console_sessions: 20,
  /** Bytes of a form that the console takes. */
  console_form_bytes: 16 * 1024,
  /** Milliseconds in which a login that began in the console has to come back. */
  console_login_ms: 10 * 60 * 1000,
  /** Milliseconds in which an identity provider has to answer. */
  provider_ms: 10_000,
  /** Characters of what a login carries. */
  login_chars: 4_096,
  /** Groups of the provider that one login looks at. */
  claimed_groups: 500,
  /** Milliseconds between two looks for nonces and tokens that have expired. */
  expired_ms: 30_000,
  /** Rows of each that one look deletes before it lets go. */
  expired_rows: 5_000,
  /** Days for which an API key is good when nothing else is said. */
  default_key_days: 90,
  /** Days for which an API key may be good at most. */
  key_days: 365,
  /** Minutes for which a key that was replaced may go on at most. */
  key_overlap_minutes: 7 * 24 * 60,
  /** Groups that one person is in at most. */
  person_groups: 100,
  /** Milliseconds between two writes of when one credential was used last. */
  use_written_ms: 60_000,
  /** Milliseconds between two looks whether there are uses to write. */
  use_sweep_ms: 2_000,
  /** Milliseconds between two looks for keys near their end. */
  ending_look_ms: 60_000,
  /** Days before its end from which on a key counts as near it. */
  ending_days: 7,
} as const;
