/** Answers `rpc.policy.document`: a policy as it was published, byte for byte, so that its signature can be checked anywhere. */
import { CountersignError } from '@countersign/contracts/errors';
import type { RpcAnswer, RpcParsed } from '@countersign/contracts/rpc';
import type { Tx } from '@countersign/platform/database';
import { readBySnapshot, readDocument } from './store-published.ts';

/** Throws `not_found` also for one that decides for other tenants alone. */
export async function showDocument(
  tx: Tx,
  { tenant, global, snapshot }: RpcParsed<'policy.document'>,
): Promise<RpcAnswer<'policy.document'>> {
  const published = await readBySnapshot(tx, snapshot);
  const isShown = published !== null && (global || published.scopes.some((scope) => scope === tenant || scope === '*'));
  const document = isShown ? await readDocument(tx, published.bundle_id) : null;
  if (!isShown || document === null) throw new CountersignError('not_found', 'no such policy was published');
  return { snapshot, scopes: published.scopes, document };
}
