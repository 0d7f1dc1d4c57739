/** The bounds of outgoing webhooks: a part of LIMITS, which everybody reads them from. */
export const WEBHOOK_LIMITS = {
  /** Webhooks of one tenant. */
  tenant_webhooks: 8,
  /** Characters of a webhook's address. */
  webhook_url_chars: 1_000,
  /** Origins that the setting `WEBHOOK_TARGETS` may list. */
  webhook_targets: 100,
  /** Milliseconds of one try: resolving, connecting, TLS, and the status of the answer. */
  webhook_ms: 10_000,
  /** Milliseconds for which whoever took up a delivery has it; then another instance tries. */
  webhook_lease_ms: 60_000,
  /** Tries that one instance has under way, one of each webhook: a receiver that hangs holds back itself alone. */
  webhook_sends: 64,
  /** Tries of one delivery; then it is dead. */
  webhook_tries: 12,
  /** Milliseconds before the second try, four times as many before each further one. */
  webhook_pause_ms: 5_000,
  /** Milliseconds between two tries at most. */
  webhook_longest_pause_ms: 6 * 60 * 60 * 1000,
  /** Deliveries of one webhook that wait; what comes beyond is dead at once, and can be tried again by hand. */
  webhook_backlog: 1_000,
  /** Milliseconds for which what was delivered, and what is dead, stays listed. */
  webhook_kept_ms: 30 * 24 * 60 * 60 * 1000,
  /** Milliseconds between two looks for what is due; an entry that somebody should hear of wakes it at once. */
  webhook_look_ms: 5_000,
  /** Leaves of one look. */
  webhook_leaves: 2_000,
} as const;
