/**
 * Makes a published bundle active, or rejects it with a code; either way with evidence. What does not verify, does not
 * compile or is not newer changes nothing: the last known good one stays.
 */
import type { TrustRoot } from '@countersign/contracts/policy';
import type { Bus } from '@countersign/platform/bus';
import { nowInstant } from '@countersign/platform/clock';
import type { Database, Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import type { Logger } from '@countersign/platform/logger';
import type { Metrics } from '@countersign/platform/metrics';
import { type BundleRefusal, refuseBundle } from '@countersign/policy/bundle-faults';
import { type OpenResult, openBundle } from '@countersign/policy/verify-bundle';
import {
  activate,
  claimPending,
  markActivated,
  markRejected,
  type PendingBundle,
  readControl,
  readPending,
} from './store.ts';

type Parts = { database: Database; bus: Bus; log: Logger; metrics: Metrics; root: TrustRoot };
type Opened = Extract<OpenResult, { ok: true }>;

const EPOCH_MOVED = 'CS001';
const REFUSALS: Readonly<Record<string, BundleRefusal>> = {
  CS002: refuseBundle('bundle_not_newer', 'the version does not grow'),
  CS003: refuseBundle('bundle_expired', 'it expired before it could be activated'),
};

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
  const opened = await openBundle(pending.document, parts.root, nowInstant());
  if (!opened.ok) return reject(parts, pending, opened, '_');
  try {
    const epoch = await parts.database.transaction((tx) => activateBundle(tx, pending.bundle_id, opened));
    if (epoch === null) return 'again';
    parts.log.info(
      { policy_version: opened.policy.version, policy_snapshot: opened.policy.snapshot, policy_epoch: epoch },
      'a policy is active',
    );
    parts.bus.announceControl(epoch);
    return 'activated';
  } catch (thrown) {
    const code = String((thrown as { code?: unknown }).code);
    if (code === EPOCH_MOVED) return 'again';
    const refusal = Object.hasOwn(REFUSALS, code) ? REFUSALS[code] : undefined;
    if (refusal === undefined) throw thrown;
    return reject(parts, pending, refusal, [...opened.bundle.manifest.scope.tenants].sort()[0]!);
  }
};

/** All scopes of a bundle or none; the newest epoch of them, or null when another replica has judged it. */
const activateBundle = async (tx: Tx, bundle_id: number, { bundle, policy }: Opened): Promise<number | null> => {
  if (!(await claimPending(tx, bundle_id))) return null;
  const { scopes } = await readControl(tx);
  await markActivated(tx, bundle_id);
  let newest = 0;
  for (const scope of [...bundle.manifest.scope.tenants].sort()) {
    const active = scopes.find((known) => known.scope === scope);
    const activation = {
      scope,
      version: policy.version,
      snapshot: policy.snapshot,
      not_after: bundle.manifest.not_after,
      bundle_id,
      key_ids: bundle.key_ids,
      pools: policy.pools,
      output_policy: policy.sources.policy.output_policy,
    };
    newest = Math.max(newest, await activate(tx, activation, active?.epoch ?? 0));
  }
  return newest;
};

/** `scope` is `_` as long as nothing in the document can be believed. The entry names no more than the code. */
const reject = async (
  parts: Parts,
  { bundle_id }: PendingBundle,
  refusal: BundleRefusal,
  scope: string,
): Promise<'rejected' | 'again'> => {
  const { code, detail } = refusal;
  const rejected = await parts.database.transaction(async (tx) => {
    if (!(await claimPending(tx, bundle_id))) return false;
    await markRejected(tx, bundle_id, code, detail);
    const tenant = scope === '_' || scope === '*' ? null : scope;
    await append(tx, [
      { chain: `policy:${scope}`, kind: 'policy_rejected', tenant, topic: null, body: { bundle_id, code } },
    ]);
    return true;
  });
  if (!rejected) return 'again';
  parts.metrics.count('policy_rejected_total', { code });
  parts.log.error({ bundle_id, code }, 'a bundle was rejected; the active policy stays');
  return 'rejected';
};
