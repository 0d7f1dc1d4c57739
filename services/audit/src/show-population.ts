/** Says, and signs, which entries among some leaves concern a tenant: what an export of that tenant must hold. */
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import type { RpcAnswer, RpcParsed } from '@countersign/contracts/rpc';
import type { NoteSigner } from '@countersign/ledger/checkpoint';
import { PopulationDigest, signPopulation } from '@countersign/ledger/population';
import type { Tx } from '@countersign/platform/database';
import { concerns } from './list-entries.ts';
import { readLeaves } from './store-evidence.ts';
import { readCheckpoint } from './store-tree.ts';

const ANY = { topic: null, kinds: null, holds: null, since_us: null, until_us: null };

/** Of `replay_leaves` leaves at most, as they are under the checkpoint of that size. Throws `not_found`. */
export async function showPopulation(
  database: Tx,
  signers: readonly [NoteSigner, ...NoteSigner[]],
  { tenant, tree_size, from, to: last }: RpcParsed<'audit.population'>,
): Promise<RpcAnswer<'audit.population'>> {
  const kept = await readCheckpoint(database, tree_size);
  if (kept === null || from >= Math.min(tree_size, last ?? tree_size)) throw new CountersignError('not_found');
  const to = Math.min(from + LIMITS.replay_leaves, tree_size, last ?? tree_size);
  const own = new PopulationDigest();
  for (let next = from; next < to; ) {
    const page = await readLeaves(database, { ...ANY, tenant, from: next, before: to, limit: LIMITS.page_rows });
    for (const entry of page) if (concerns(entry, tenant)) own.add(entry.leaf_index!, Buffer.from(entry.hash, 'hex'));
    next = page.length < LIMITS.page_rows ? to : page.at(-1)!.leaf_index! + 1;
  }
  const head = { size: BigInt(kept.tree_size), root: kept.root_hash };
  const said = { tenant, head, from, to, count: own.count, digest: own.digest() };
  return { tenant, tree_size, from, to, note: signPopulation(said, signers) };
}
