/**
 * The policies that this replica may decide by: those that `control` calls active, verified and compiled here. What does
 * not verify is never loaded; then the copy on disk is tried, and without that the scope has no policy.
 */
import { CountersignError } from '@countersign/contracts/errors';
import { nowInstant } from '@countersign/platform/clock';
import type { Tx } from '@countersign/platform/database';
import type { Logger } from '@countersign/platform/logger';
import type { Metrics } from '@countersign/platform/metrics';
import type { BundleRefusal } from '@countersign/policy/bundle-faults';
import type { CompiledPolicies, OpenedBundle } from './compiled-policies.ts';
import { type Asked, hasEnded } from './decide-under.ts';
import type { LastKnownGood } from './last-known-good.ts';
import { type ControlScope, readActivated, readControl } from './store.ts';

export type ActivePolicy = ControlScope & Asked & { ends_at: string };
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
  compiled: CompiledPolicies;
  disk: LastKnownGood;
  /** Called when anything in `control` has changed: policies, switches, revocations. */
  onChange: () => void;
};

type Opened = Pick<ActivePolicy, 'policy' | 'ends_at'>;

export function openActivePolicies(parts: Parts): ActivePolicies {
  let loaded = new Map<string, ActivePolicy>();
  let revision = -1;
  let reading: Promise<void> | null = null;
  /** Epochs whose policy was found past its end. */
  const ended = new Set<number>();

  const read = async (): Promise<void> => {
    const control = await readControl(parts.database);
    const next = new Map<string, ActivePolicy>();
    for (const scope of control.scopes) {
      const before = loaded.get(scope.scope);
      const opened = before?.snapshot === scope.snapshot ? before : await load(parts, scope);
      if (opened === null) continue;
      const active = { ...scope, policy: opened.policy, ends_at: opened.ends_at };
      next.set(scope.scope, active);
      announce(parts, active, ended);
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
}

/** Throws `policy_missing`. */
export function policyFor(policies: ActivePolicies, tenant: string): ActivePolicy {
  const active = policies.of(tenant);
  if (active === null) throw new CountersignError('policy_missing');
  return active;
}

/** The table first, the disk when the table's copy is missing or does not verify. */
async function load(parts: Parts, scope: ControlScope): Promise<Opened | null> {
  const { database, disk } = parts;
  const stored = await readActivated(database, scope.scope, scope.epoch);
  const policy = stored === null ? null : await verify(parts, scope, stored, 'table');
  if (policy !== null) {
    await keepOnDisk(parts, scope, stored!);
    return policy;
  }
  const kept = await disk.read(scope.scope, scope.snapshot);
  return kept === null ? null : verify(parts, scope, kept, 'disk');
}

async function verify(parts: Parts, scope: ControlScope, document: string, source: string): Promise<Opened | null> {
  const opened = await openAsActive(document, parts.compiled, scope);
  const code = opened.ok ? null : opened.code;
  if (opened.ok && opened.bundle.snapshot === scope.snapshot)
    return { policy: opened.policy, ends_at: opened.bundle.ends_at };
  parts.metrics.count('policy_rejected_total', { code: code ?? 'bundle_file_altered' });
  parts.log.error(
    { scope: scope.scope, policy_epoch: scope.epoch, source, code },
    'the active bundle is not what was activated',
  );
  return null;
}

/**
 * An expired policy is loaded all the same, as it was valid when it became active: it knows whom to refuse,
 * and under which version. It allows nothing any more.
 */
async function openAsActive(
  document: string,
  compiled: CompiledPolicies,
  scope: ControlScope,
): Promise<OpenedBundle | BundleRefusal> {
  const opened = await compiled.openBundle(document, nowInstant());
  if (opened.ok || (opened.code !== 'bundle_expired' && opened.code !== 'bundle_threshold_unmet')) return opened;
  const then = await compiled.openBundle(document, scope.activated_at);
  return then.ok && Date.parse(then.bundle.ends_at) <= Date.parse(nowInstant()) ? then : opened;
}

/** A full or broken disk costs the second copy, not the policy. */
async function keepOnDisk({ disk, log }: Parts, { scope, snapshot }: ControlScope, document: string): Promise<void> {
  try {
    await disk.write(scope, snapshot, document);
  } catch (thrown) {
    log.warn(
      { scope, code: (thrown as { code?: unknown }).code },
      'the last known good policy could not be kept on disk',
    );
  }
}

/** That a policy has run out is said once, and loudly: from then on everything is refused. */
function announce({ metrics, log }: Parts, active: ActivePolicy, ended: Set<number>): void {
  const { scope, version, epoch, ends_at } = active;
  metrics.set('policy_epoch', { scope }, epoch);
  metrics.set('policy_ends_timestamp_seconds', { scope }, Date.parse(ends_at) / 1_000);
  if (!hasEnded(active, nowInstant()) || ended.has(epoch)) return;
  ended.add(epoch);
  log.error({ scope, policy_version: version, policy_epoch: epoch, ends_at }, 'the active policy is past its end');
}
