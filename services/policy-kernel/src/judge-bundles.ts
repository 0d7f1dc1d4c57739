/**
 * Makes a bundle that came as a row active, or rejects it with a code; either way with evidence. What does not verify,
 * does not compile or is not newer changes nothing: the last known good one stays.
 */
import type { Bus } from '@countersign/platform/bus';
import { nowInstant } from '@countersign/platform/clock';
import type { Database, Tx } from '@countersign/platform/database';
import type { Logger } from '@countersign/platform/logger';
import type { Metrics } from '@countersign/platform/metrics';
import type { BundleRefusal } from '@countersign/policy/bundle-faults';
import type { CompiledPolicies, OpenedBundle } from './compiled-policies.ts';
import { activateIn, publishIn, Refused, refusalIn, refuseOld, scopesOf } from './put-in-force.ts';
import { countRefusal, recordRefusal } from './refuse-and-record.ts';
import { claimPending, markRejected, type PendingBundle, readPending } from './store.ts';

type Parts = { database: Database; bus: Bus; log: Logger; metrics: Metrics; compiled: CompiledPolicies };

/** Judges the bundles that wait, oldest first; true when a policy became active. */
export const judgeBundles = async (parts: Parts): Promise<boolean> => {
  let changed = false;
  for (;;) {
    const pending = await readPending(parts.database);
    if (pending === null) return changed;
    const judged = await judge(parts, pending);
    // Somebody else was faster: look again on the next round, not in a loop of our own.
    if (judged === 'again') return changed;
    changed ||= judged === 'activated';
  }
};

const judge = async (parts: Parts, pending: PendingBundle): Promise<'activated' | 'rejected' | 'again'> => {
  const opened = await parts.compiled.openBundle(pending.document, nowInstant());
  if (!opened.ok) return reject(parts, pending, opened, '_');
  try {
    const epoch = await parts.database.transaction((tx) => activatePending(tx, pending.bundle_id, opened));
    if (epoch === null) return 'again';
    parts.log.info(
      { policy_version: opened.policy.version, policy_snapshot: opened.policy.snapshot, policy_epoch: epoch },
      'a policy is active',
    );
    parts.bus.announceControl(epoch);
    return 'activated';
  } catch (thrown) {
    const refusal = refusalIn(thrown);
    if (refusal === null) throw thrown;
    return refusal === 'moved' ? 'again' : reject(parts, pending, refusal, scopesOf(opened)[0]!);
  }
};

/** The newest epoch, or null when another replica has judged it. */
const activatePending = async (tx: Tx, bundle_id: number, opened: OpenedBundle): Promise<number | null> => {
  if (!(await claimPending(tx, bundle_id))) return null;
  const old = await refuseOld(tx, opened);
  if (old !== null) throw new Refused(old);
  await publishIn(tx, bundle_id, opened, null);
  const inForce = await activateIn(tx, bundle_id, opened, null);
  return Math.max(...inForce.map(({ epoch }) => epoch));
};

const reject = async (
  parts: Parts,
  { bundle_id }: PendingBundle,
  refusal: BundleRefusal,
  scope: string,
): Promise<'rejected' | 'again'> => {
  const rejected = await parts.database.transaction(async (tx) => {
    if (!(await claimPending(tx, bundle_id))) return false;
    await markRejected(tx, bundle_id, refusal.code, refusal.detail);
    await recordRefusal(tx, scope, refusal, { bundle_id }, null);
    return true;
  });
  if (!rejected) return 'again';
  countRefusal(parts, refusal, { bundle_id });
  return 'rejected';
};
