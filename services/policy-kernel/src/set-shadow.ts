/** Answers `rpc.policy.shadow` and `rpc.policy.shadowing`: which published bundle decides beside the active one, until when. */
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import type { RpcAnswer, RpcParsed } from '@countersign/contracts/rpc';
import { nowInstant, nowMs } from '@countersign/platform/clock';
import { refuseRevoked } from '@countersign/platform/control-gate';
import type { Database } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import { findBundle } from './activate-bundle.ts';
import type { PublishParts } from './publish-document.ts';
import { setShadow } from './store-bundles.ts';
import { type Published, readShadows } from './store-published.ts';

type Asked = RpcParsed<'policy.shadow'>;

/** Affects nothing, so it may shadow the own tenant whatever its scope is. Throws what keeps it from being believed. */
export async function shadowBundle(parts: PublishParts, asked: Asked): Promise<RpcAnswer<'policy.shadow'>> {
  const { database } = parts;
  const { until, tenant } = asked;
  const published = await findBundle(parts, asked);
  if (until !== null) await refuseUnfit(parts, published, { until, tenant });
  const scope = asked.scope === '*' && asked.global ? '*' : tenant;
  await store(database, scope, asked, published);
  return showShadow(database, scope);
}

/** The tenant's own, else the one for everybody. */
export async function showShadow(database: Database, tenant: string): Promise<RpcAnswer<'policy.shadowing'>> {
  const shadows = await readShadows(database);
  const found = shadows.find(({ scope }) => scope === tenant) ?? shadows.find(({ scope }) => scope === '*');
  if (found === undefined) return { shadow: null };
  const { scope, version, snapshot, until, set_by } = found;
  return { shadow: { scope, version, snapshot, until, set_by } };
}

async function refuseUnfit(
  { compiled }: PublishParts,
  { document }: Published,
  { until, tenant }: { until: string; tenant: string },
): Promise<void> {
  const ms = Date.parse(until) - nowMs();
  if (!(ms > 0 && ms <= LIMITS.policy_duration_ms))
    throw new CountersignError('field_invalid', 'must lie ahead, and not too far', { at: '/until' });
  const opened = await compiled.openBundle(document, nowInstant(), tenant);
  if (!opened.ok) throw new CountersignError(opened.code, opened.detail);
}

function store(database: Database, scope: string, { until, principal }: Asked, published: Published): Promise<void> {
  return database.transaction(async (tx) => {
    await refuseRevoked(tx, principal);
    const { bundle_id, version, snapshot } = published;
    await setShadow(tx, scope, until === null ? null : { bundle_id, until, set_by: principal.id });
    const what = { scope, until, policy_version: version, policy_snapshot: snapshot };
    const body = { ...what, actor: principal.id, auth_method: principal.auth_method };
    const tenant = scope === '*' ? null : scope;
    await append(tx, [{ chain: `policy:${scope}`, kind: 'policy_shadow_set', tenant, topic: null, body }]);
  });
}
