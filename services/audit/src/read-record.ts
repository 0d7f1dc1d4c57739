/** Answers with the run record of one job, from its chain and from the entries that say what of its content was erased. */
import { CountersignError } from '@countersign/contracts/errors';
import type { RpcAnswer, RpcParsed } from '@countersign/contracts/rpc';
import type { Tx } from '@countersign/platform/database';
import { buildRecord } from './build-record.ts';
import { readErased } from './kpi/store-erased.ts';
import { inclusionOf } from './show-tree.ts';
import { readJobChain } from './store.ts';

export async function readRecord(database: Tx, job: RpcParsed<'audit.record'>): Promise<RpcAnswer<'audit.record'>> {
  const chain = await readJobChain(database, job);
  if (chain.entries.length === 0) throw new CountersignError('not_found');
  const inclusion = await inclusionOf(database, chain.entries.at(-1)!.leaf_index);
  return buildRecord(job, chain, inclusion, await readErased(database, job));
}
