/** All evidence about one job, oldest first. */
import { CountersignError } from '@countersign/contracts/errors';
import type { RpcAnswer, RpcParsed } from '@countersign/contracts/rpc';
import type { Tx } from '@countersign/platform/database';
import { showEntry } from './show-entry.ts';
import { readJobChain } from './store.ts';

export async function readTimeline(
  database: Tx,
  job: RpcParsed<'audit.timeline'>,
): Promise<RpcAnswer<'audit.timeline'>> {
  const { entries } = await readJobChain(database, job);
  if (entries.length === 0) throw new CountersignError('not_found');
  return { entries: entries.map(showEntry) };
}
