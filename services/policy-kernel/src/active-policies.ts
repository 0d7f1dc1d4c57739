/**
 * The policies that this replica may decide by: those that `control` calls active, verified and compiled here. What does
 * not verify is never loaded; then the copy on disk is tried, and without that the scope has no policy.
 */
import type { TrustRoot } from '@countersign/contracts/policy';
import { nowInstant } from '@countersign/platform/clock';
import type { Tx } from '@countersign/platform/database';
import type { Logger } from '@countersign/platform/logger';
import type { Metrics } from '@countersign/platform/metrics';
import type { CompiledPolicy } from '@countersign/policy/compile-policy';
import { openBundle } from '@countersign/policy/verify-bundle';
import type { LastKnownGood } from './last-known-good.ts';
import { type ControlScope, readActivated, readControl } from './store.ts';

export type ActivePolicy = ControlScope & { policy: CompiledPolicy };
export type ActivePolicies = {
  /** Reads `control` once and loads what changed; callers at the same time share one reading. */
  refresh(): Promise<void>;
  /** The tenant's own policy, else the one of scope `*`, else null. */
  of(tenant: string): ActivePolicy | null;
  count(): number;
};

type Parts = {
  database: Tx;
  log: Logger;
  metrics: Metrics;
  root: TrustRoot;
  disk: LastKnownGood;
  /** Called when anything in `control` has changed: policies, switches, revocations. */
  onChange: () => void;
};

export const openActivePolicies = (parts: Parts): ActivePolicies => {
  let loaded = new Map<string, ActivePolicy>();
  let revision = -1;
  let reading: Promise<void> | null = null;

  const read = async (): Promise<void> => {
    const control = await readControl(parts.database);
    const next = new Map<string, ActivePolicy>();
    for (const scope of control.scopes) {
      const before = loaded.get(scope.scope);
      const policy = before?.snapshot === scope.snapshot ? before.policy : await load(parts, scope);
      if (policy !== null) next.set(scope.scope, { ...scope, policy });
      parts.metrics.set('policy_epoch', { scope: scope.scope }, scope.epoch);
    }
    // Exchanged in one step and before the cache is emptied: nothing decided under the old ones can be stored after.
    loaded = next;
    if (control.revision !== revision) parts.onChange();
    revision = control.revision;
  };

  return {
    refresh() {
      reading ??= read().finally(() => {
        reading = null;
      });
      return reading;
    },
    of: (tenant) => loaded.get(tenant) ?? loaded.get('*') ?? null,
    count: () => loaded.size,
  };
};

/** The table first, the disk when the table's copy is missing or does not verify. */
const load = async (parts: Parts, scope: ControlScope): Promise<CompiledPolicy | null> => {
  const { database, disk } = parts;
  const stored = await readActivated(database, scope.scope, scope.epoch);
  const policy = stored === null ? null : await verify(parts, scope, stored, 'table');
  if (policy !== null) {
    await keepOnDisk(parts, scope, stored!);
    return policy;
  }
  const kept = await disk.read(scope.scope, scope.snapshot);
  return kept === null ? null : verify(parts, scope, kept, 'disk');
};

const verify = async (
  parts: Parts,
  scope: ControlScope,
  document: string,
  source: string,
): Promise<CompiledPolicy | null> => {
  const opened = await openBundle(document, parts.root, nowInstant());
  const code = opened.ok ? null : opened.code;
  if (opened.ok && opened.bundle.snapshot === scope.snapshot) return opened.policy;
  parts.metrics.count('policy_rejected_total', { code: code ?? 'bundle_file_altered' });
  parts.log.error(
    { scope: scope.scope, policy_epoch: scope.epoch, source, code },
    'the active bundle is not what was activated',
  );
  return null;
};

/** A full or broken disk costs the second copy, not the policy. */
const keepOnDisk = async ({ disk, log }: Parts, { scope, snapshot }: ControlScope, document: string): Promise<void> => {
  try {
    await disk.write(scope, snapshot, document);
  } catch (thrown) {
    log.warn(
      { scope, code: (thrown as { code?: unknown }).code },
      'the last known good policy could not be kept on disk',
    );
  }
};
