// Gives committed entries their place in the one order of everything. It decides nothing itself: the order is made in
// the database, by one sealer at a time.
import { LIMITS } from '@countersign/contracts/limits';
import type { Database } from '@countersign/platform/database';
import type { Metrics } from '@countersign/platform/metrics';
import { type Sealed, seal } from './store.ts';

export async function sealEntries({ database, metrics }: { database: Database; metrics: Metrics }): Promise<Sealed> {
  const progress = await seal(database, LIMITS.seal_leaves);
  if (progress.sealed > 0) metrics.count('ledger_sealed_total', {}, progress.sealed);
  metrics.set('ledger_unpublished', {}, progress.unpublished);
  return progress;
}
