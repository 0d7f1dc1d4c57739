/** Answers with the run record of one job, from its chain and nothing else. */
import { CountersignError } from '@countersign/contracts/errors';
import type { RpcAnswer, RpcParsed } from '@countersign/contracts/rpc';
import type { Tx } from '@countersign/platform/database';
import { buildRecord } from './build-record.ts';
import { inclusionOf } from './show-tree.ts';
import { readJobChain } from './store.ts';

export async function readRecord(database: Tx, job: RpcParsed<'audit.record'>): Promise<RpcAnswer<'audit.record'>> {
  const chain = await readJobChain(database, job);
  if (chain.entries.length === 0) throw new CountersignError('not_found');
  return buildRecord(job, chain, await inclusionOf(database, chain.entries.at(-1)!.leaf_index));
}
