/** Shows what is quarantined, and what people did about it: types and places of findings, never content. */
import { readIdCursor } from '@countersign/contracts/id-cursor';
import { LIMITS } from '@countersign/contracts/limits';
import type { Quarantined } from '@countersign/contracts/quarantine';
import type { RpcAnswer, RpcParsed } from '@countersign/contracts/rpc';
import type { Tx } from '@countersign/platform/database';
import { listQuarantined, type QuarantinedRow, type ReviewRow, readQuarantined, readReviews } from './store-reviews.ts';

/** Of one job, or those in one state, newest first; the cursor is the last one's dispatch id. Throws `query_invalid`. */
export async function listPage(
  database: Tx,
  { tenant, job_id, state = 'waiting', cursor, limit = LIMITS.page_rows }: RpcParsed<'output.quarantined'>,
): Promise<RpcAnswer<'output.quarantined'>> {
  const found =
    job_id === undefined
      ? await listQuarantined(database, { tenant, state, before: readIdCursor(cursor) }, limit + 1)
      : [await readQuarantined(database, tenant, job_id)].filter((row) => row !== null);
  const page = found.slice(0, limit);
  const reviews = await readReviews(
    database,
    page.map(({ dispatch_id }) => dispatch_id),
  );
  return {
    quarantined: page.map((row) => toView(row, reviews)),
    next_cursor: found.length > limit ? page.at(-1)!.dispatch_id : null,
  };
}

/** `reviews`: also of others. */
export function toView(row: QuarantinedRow, reviews: readonly ReviewRow[]): Quarantined {
  const { tenant, job_id, dispatch_id, topic, actor, owner, rule_id, reason, findings, output_digest } = row;
  const own = reviews.filter((review) => review.dispatch_id === dispatch_id);
  return {
    ...{ tenant, job_id, dispatch_id, topic, actor, owner, rule_id, reason, findings, output_digest },
    screened_at: row.screened_at,
    state: row.state,
    reviews: own.map(({ action, reviewer, reason, at }) => ({ action, reviewer, reason, at })),
  };
}
