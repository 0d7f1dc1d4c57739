/**
 * Lets a reader have an output: only through a terminal job that names the dispatch it came from, and a quarantined one only as
 * people released it.
 */
import { CountersignError } from '@countersign/contracts/errors';
import type { RpcAnswer, RpcParsed } from '@countersign/contracts/rpc';
import { isTerminal } from '@countersign/contracts/states';
import type { Tx } from '@countersign/platform/database';
import { readReleasedReview } from './quarantine/store-reviews.ts';
import { readReleased } from './store-shown.ts';

/** Throws `not_found` (no such job, or one that ended without a result), `result_not_ready`, `result_quarantined` or `content_erased`. */
export async function readOutput(
  database: Tx,
  { tenant, job_id }: RpcParsed<'output.read'>,
): Promise<RpcAnswer<'output.read'>> {
  const found = await readReleased(database, tenant, job_id);
  if (found === null) throw new CountersignError('not_found');
  const { state, content, erased_at, ...released } = found;
  if (!isTerminal(state)) throw new CountersignError('result_not_ready');
  if (state === 'quarantined' && released.dispatch_id !== null) {
    const review = await readReleasedReview(database, released.dispatch_id);
    if (erased_at !== null) throw erased(erased_at);
    if (review === null || review.content === null) throw new CountersignError('result_quarantined');
    const { by, redacted, at, content } = review;
    const reviewed = { by, redacted, released_at: at };
    return { tenant, job_id, ...released, output: JSON.parse(content), reviewed } as RpcAnswer<'output.read'>;
  }
  if (state === 'quarantined' || released.output_decision === 'quarantine')
    throw new CountersignError('result_quarantined');
  if (released.dispatch_id === null) throw new CountersignError('not_found', 'the job ended without a result');
  if (content === null) throw erased(erased_at);
  return { tenant, job_id, ...released, output: JSON.parse(content) } as RpcAnswer<'output.read'>;
}

function erased(at: string | null): CountersignError {
  return new CountersignError('content_erased', `the result was erased at ${at}`);
}
