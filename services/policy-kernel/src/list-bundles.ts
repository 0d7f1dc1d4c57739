/** Answers `rpc.policy.bundles`: what was published for a tenant or for everybody, and what of it is in force. */
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import type { BundleView } from '@countersign/contracts/policy-rollout';
import type { RpcAnswer, RpcParsed } from '@countersign/contracts/rpc';
import type { Tx } from '@countersign/platform/database';
import { type ControlScope, readControl } from './store.ts';
import { type ListedBundle, listPublished } from './store-published.ts';

export function viewOf(bundle: ListedBundle, active: readonly ControlScope[]): BundleView {
  const { version, snapshot, scopes, not_before, not_after, key_ids, published_by, published_at, activated } = bundle;
  const isActive = active.some((scope) => scope.snapshot === snapshot);
  const state = isActive ? 'active' : activated ? 'retired' : 'published';
  return { version, snapshot, tenants: scopes, state, not_before, not_after, key_ids, published_by, published_at };
}

export async function listBundles(
  tx: Tx,
  { tenant, cursor, limit = LIMITS.page_rows }: RpcParsed<'policy.bundles'>,
): Promise<RpcAnswer<'policy.bundles'>> {
  if (cursor !== undefined && !/^[1-9]\d{0,15}$/.test(cursor))
    throw new CountersignError('query_invalid', 'no such page', { at: '/cursor' });
  const before = cursor === undefined ? null : Number(cursor);
  const rows = await listPublished(tx, [tenant, '*'], before, limit + 1);
  const page = rows.slice(0, limit);
  const { scopes } = await readControl(tx);
  const next_cursor = rows.length > limit ? String(page.at(-1)!.bundle_id) : null;
  return { bundles: page.map((row) => viewOf(row, scopes)), next_cursor };
}
