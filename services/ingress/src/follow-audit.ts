/** Hands entries of the evidence stream to whoever follows their chain, or all of a tenant. One subscription per tenant, only while it is wanted. */
import { type LedgerEntry, ledgerEntry } from '@countersign/contracts/ledger-entry';
import { patterns } from '@countersign/contracts/subjects';
import type { Bus } from '@countersign/platform/bus';
import type { Metrics } from '@countersign/platform/metrics';

type Listener = (entry: LedgerEntry) => void;
/** Under null who follows all of them. */
type Followed = { chains: Map<string | null, Set<Listener>>; unsubscribe: () => void };
type AuditFollower = (tenant: string, chain: string | null, listener: Listener) => () => void;

/**
 * What arrives here is a hint that something is new: a lost message is made good by reading the timeline, and what is no
 * entry is counted and passed over.
 */
export function followAudit(bus: Bus, metrics: Pick<Metrics, 'count'>): AuditFollower {
  const tenants = new Map<string, Followed>();

  const subscribe = (tenant: string): Followed => {
    const chains: Followed['chains'] = new Map();
    const unsubscribe = bus.subscribe(patterns.audit(tenant), (_subject, data) => {
      const entry = read(data);
      if (entry === undefined) return metrics.count('messages_unreadable_total', { subject: 'audit' });
      for (const chain of [entry.chain, null]) for (const listener of chains.get(chain) ?? []) listener(entry);
    });
    const followed = { chains, unsubscribe };
    tenants.set(tenant, followed);
    return followed;
  };

  return (tenant, chain, listener) => {
    const followed = tenants.get(tenant) ?? subscribe(tenant);
    const listeners = followed.chains.get(chain) ?? new Set();
    followed.chains.set(chain, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) followed.chains.delete(chain);
      if (followed.chains.size > 0) return;
      tenants.delete(tenant);
      followed.unsubscribe();
    };
  };
}

function read(data: Uint8Array): LedgerEntry | undefined {
  try {
    return ledgerEntry.safeParse(JSON.parse(Buffer.from(data).toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
