/** A bundle that was refused: counted, logged and in the ledger, so that an attack is seen. The active policy stays. */
import type { Principal } from '@countersign/contracts/rpc';
import type { Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import type { Logger } from '@countersign/platform/logger';
import type { Metrics } from '@countersign/platform/metrics';
import type { BundleRefusal } from '@countersign/policy/bundle-faults';

/** Fields an entry may hold: never the document, nor the detail, which may quote it. */
export type RefusedBundle = { bundle_id?: number; policy_version?: number; document_sha256?: string | null };

/** In the chain of the tenant of whoever handed it in. */
export async function recordRefusal(
  tx: Tx,
  tenant: string,
  { code }: BundleRefusal,
  about: RefusedBundle,
  by: Principal,
): Promise<void> {
  const who = { actor: by.id, auth_method: by.auth_method };
  await append(tx, [
    { chain: `policy:${tenant}`, kind: 'policy_rejected', tenant, topic: null, body: { ...about, ...who, code } },
  ]);
}

export function countRefusal(
  { metrics, log }: { metrics: Pick<Metrics, 'count'>; log: Pick<Logger, 'error'> },
  { code }: BundleRefusal,
  about: RefusedBundle,
): void {
  metrics.count('policy_rejected_total', { code });
  log.error({ ...about, code }, 'a bundle was rejected; the active policy stays');
}
