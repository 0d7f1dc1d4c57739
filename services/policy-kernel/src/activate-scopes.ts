/**
 * Makes a verified bundle the policy of all of its scopes, or of none, inside the caller's transaction. `control` compares
 * and sets; what it refuses comes back as a code.
 */
import type { Tx } from '@countersign/platform/database';
import { type BundleRefusal, refuseBundle } from '@countersign/policy/bundle-faults';
import type { OpenedBundle } from './compiled-policies.ts';
import { activate, markActivated, readControl } from './store.ts';
import { insertPublication } from './store-bundles.ts';

export type ActivatedScopes = { scope: string; epoch: number }[];

/** Thrown so that nothing of the transaction stays. */
class Refused extends Error {
  readonly refusal: BundleRefusal;
  constructor(refusal: BundleRefusal) {
    super(refusal.code);
    this.refusal = refusal;
  }
}

const EPOCH_MOVED = 'CS001';
const REFUSALS: Readonly<Record<string, BundleRefusal>> = {
  CS002: refuseBundle('bundle_not_newer', 'the version does not grow'),
  CS003: refuseBundle('bundle_expired', 'it expired before it could be activated'),
};

/** `moved`: another policy became active meanwhile. Null: no refusal, but an outage or a bug. */
export function refusalIn(thrown: unknown): BundleRefusal | 'moved' | null {
  if (thrown instanceof Refused) return thrown.refusal;
  const code = String((thrown as { code?: unknown }).code);
  if (code === EPOCH_MOVED) return 'moved';
  return Object.hasOwn(REFUSALS, code) ? REFUSALS[code]! : null;
}

export function scopesOf({ bundle }: OpenedBundle): string[] {
  return [...bundle.manifest.scope.tenants].sort();
}

/** A version that is not newer is not stored. `control` decides again when it is activated. */
export async function refuseOld(tx: Tx, opened: OpenedBundle): Promise<BundleRefusal | null> {
  const { version, snapshot } = opened.policy;
  const mine = new Set(scopesOf(opened));
  const active = (await readControl(tx)).scopes.filter(({ scope }) => mine.has(scope));
  const newer = active.find((other) => other.version >= version && other.snapshot !== snapshot);
  if (newer === undefined) return null;
  return refuseBundle('bundle_not_newer', `version ${newer.version} is active in scope ${newer.scope}`);
}

/** Throws Refused when one of its versions is another bundle's. */
export async function publishIn(tx: Tx, bundle_id: number, opened: OpenedBundle, by: string): Promise<void> {
  const { manifest, snapshot, key_ids } = opened.bundle;
  const { version, not_before, not_after } = manifest;
  const scopes = scopesOf(opened);
  const published_by = by;
  const publication = { bundle_id, version, snapshot, scopes, not_before, not_after, key_ids, published_by };
  if (!(await insertPublication(tx, publication)))
    throw new Refused(refuseBundle('bundle_version_taken', `another bundle is version ${version}`));
}

/** `by`: who asked for it. Throws what `refusalIn` reads. */
export async function activateIn(
  tx: Tx,
  bundle_id: number,
  opened: OpenedBundle,
  by: string,
): Promise<ActivatedScopes> {
  const { bundle, policy } = opened;
  const { scopes } = await readControl(tx);
  await markActivated(tx, bundle_id);
  const inForce: ActivatedScopes = [];
  for (const scope of scopesOf(opened)) {
    const active = scopes.find((known) => known.scope === scope);
    const activation = {
      scope,
      version: policy.version,
      snapshot: policy.snapshot,
      not_after: bundle.manifest.not_after,
      bundle_id,
      key_ids: bundle.key_ids,
      activated_by: by,
      pools: policy.pools,
      output_policy: { ...policy.sources.policy.output_policy, scanning: policy.scanning },
    };
    inForce.push({ scope, epoch: await activate(tx, activation, active?.epoch ?? 0) });
  }
  return inForce;
}
