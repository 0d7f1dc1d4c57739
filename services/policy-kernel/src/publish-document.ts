/**
 * Answers `rpc.policy.publish`: verifies a signed document and keeps it for its activation. What does not verify is not
 * kept; that somebody tried is.
 */
import { createHash } from 'node:crypto';
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import type { BundleView } from '@countersign/contracts/policy-rollout';
import type { RpcAnswer, RpcParsed } from '@countersign/contracts/rpc';
import { monotonicMs, nowInstant } from '@countersign/platform/clock';
import { refuseRevoked } from '@countersign/platform/control-gate';
import type { Database } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import type { Logger } from '@countersign/platform/logger';
import type { Metrics } from '@countersign/platform/metrics';
import { type BundleRefusal, refuseBundle } from '@countersign/policy/bundle-faults';
import { publishIn, refusalIn, refuseOld, scopesOf } from './activate-scopes.ts';
import type { CompiledPolicies, OpenedBundle } from './compiled-policies.ts';
import { groupsInWant } from './groups-in-want.ts';
import { viewOf } from './list-bundles.ts';
import { countRefusal, type RefusedBundle, recordRefusal } from './refuse-and-record.ts';
import { readControl } from './store.ts';
import { markPublished, storeDocument } from './store-bundles.ts';
import { readBySnapshot } from './store-published.ts';

export type PublishParts = {
  database: Database;
  compiled: CompiledPolicies;
  metrics: Pick<Metrics, 'count'>;
  log: Pick<Logger, 'info' | 'error'>;
};
type Publishing = RpcParsed<'policy.publish'>;

const TOO_LARGE = refuseBundle('bundle_too_large', `at most ${LIMITS.bundle_document_bytes} bytes of UTF-8`);

/** Throws the refusal's code. The same bundle again changes nothing, whoever signed it besides. */
export async function publishDocument(
  parts: PublishParts,
  publishing: Publishing,
): Promise<RpcAnswer<'policy.publish'>> {
  const { database } = parts;
  const { document } = publishing;
  const started = monotonicMs();
  const opened =
    document === null ? TOO_LARGE : await parts.compiled.openBundle(document, nowInstant(), publishing.tenant);
  if (!opened.ok) throw await refuse(parts, publishing, opened, {});
  const known = await readBySnapshot(database, opened.bundle.snapshot);
  const { version: policy_version } = opened.bundle.manifest;
  const refusal = refuseForeign(opened, publishing) ?? (known === null ? await refuseOld(database, opened) : null);
  if (refusal !== null) throw await refuse(parts, publishing, refusal, { policy_version });
  const warnings = await groupsInWant(database, opened, publishing.strict);
  if (known !== null)
    return { bundle: { ...viewOf(known, (await readControl(database)).scopes), warnings }, created: false };
  // Nothing is stored for a caller that may have gone: what was stored is answered.
  if (monotonicMs() - started > LIMITS.publish_ms - LIMITS.rpc_ms) throw new CountersignError('overloaded');
  return { bundle: { ...(await keep(parts, publishing, opened)), warnings }, created: true };
}

/** A signature says that the policy is good, not that this caller may change other tenants' policies. */
export function refuseForeign(
  opened: OpenedBundle,
  { tenant, global }: { tenant: string; global: boolean },
): BundleRefusal | null {
  const foreign = scopesOf(opened).filter((scope) => scope !== tenant);
  if (global || foreign.length === 0) return null;
  return refuseBundle('bundle_scope_forbidden', `it decides for ${foreign.join(', ')} as well`);
}

async function refuse(
  parts: PublishParts,
  { tenant, principal, document }: Publishing,
  refusal: BundleRefusal,
  about: RefusedBundle,
): Promise<CountersignError> {
  const document_sha256 = document === null ? null : createHash('sha256').update(document).digest('hex');
  const named = { ...about, document_sha256 };
  await parts.database.transaction((tx) => recordRefusal(tx, tenant, refusal, named, principal));
  countRefusal(parts, refusal, named);
  return new CountersignError(refusal.code, refusal.detail);
}

/** All that the answer says is read before the commit, so that nothing can fail after it. */
async function keep(parts: PublishParts, publishing: Publishing, opened: OpenedBundle): Promise<BundleView> {
  const { principal } = publishing;
  const { manifest, snapshot, key_ids } = opened.bundle;
  try {
    return await parts.database.transaction(async (tx) => {
      await refuseRevoked(tx, principal);
      const bundle_id = await storeDocument(tx, publishing.document!);
      await markPublished(tx, bundle_id);
      await publishIn(tx, bundle_id, opened, principal.id);
      const who = { actor: principal.id, auth_method: principal.auth_method };
      const what = { bundle_id, policy_version: manifest.version, policy_snapshot: snapshot, key_ids };
      const entries = scopesOf(opened).map((scope) => ({
        chain: `policy:${scope}`,
        kind: 'policy_published',
        tenant: scope === '*' ? null : scope,
        topic: null,
        body: { ...what, ...who, scope },
      }));
      const stored = (await readBySnapshot(tx, snapshot))!;
      const { scopes } = await readControl(tx);
      await append(tx, entries);
      return viewOf(stored, scopes);
    });
  } catch (thrown) {
    const refusal = refusalIn(thrown);
    if (refusal === null || refusal === 'moved') throw thrown;
    throw await refuse(parts, publishing, refusal, { policy_version: manifest.version });
  }
}
