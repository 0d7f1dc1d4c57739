/** Every decision about one job as its evidence holds it, newest first. Nothing is decided or filled in here. */
import { CountersignError } from '@countersign/contracts/errors';
import type { RpcAnswer, RpcParsed } from '@countersign/contracts/rpc';
import type { Tx } from '@countersign/platform/database';
import { decisionsOf, readEvidence } from './read-evidence.ts';
import { readJobChain } from './store.ts';

export async function listDecisions(
  database: Tx,
  job: RpcParsed<'audit.decisions'>,
): Promise<RpcAnswer<'audit.decisions'>> {
  const { entries } = await readJobChain(database, job);
  if (entries.length === 0) throw new CountersignError('not_found');
  return { tenant: job.tenant, job_id: job.job_id, decisions: decisionsOf(readEvidence(entries)).reverse() };
}
