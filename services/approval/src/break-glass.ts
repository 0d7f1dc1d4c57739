/**
 * Lets one person of the group that a rule names grant alone: bound to what was shown and spent once, like any grant. It is
 * marked in the evidence and opens a review, which somebody else signs off.
 */
import type { RpcParsed } from '@countersign/contracts/rpc';
import type { Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import type { ServiceContext } from '@countersign/platform/service';
import { announceOutcome } from './announce-outcome.ts';
import { closedEntry, votedEntry } from './approval-entries.ts';
import { judgeAlone, partiesOf } from './judge-vote.ts';
import { lockQuestion, readStanding, votersOf } from './lock-question.ts';
import { readElectorate } from './read-electorate.ts';
import { type Approval, closeApproval, insertVote } from './store.ts';
import { insertUse } from './store-glass.ts';
import { insertReviews } from './store-reviews.ts';

type Context = Pick<ServiceContext<unknown>, 'database' | 'bus' | 'metrics'>;
type Breaking = RpcParsed<'approval.break_glass'>;

const MARK = { break_glass: true };

/** The same again by the same person is the first answer again. Throws `not_found`, `revoked`, and what `judgeAlone` throws. */
export async function breakGlass(context: Context, request: Breaking): Promise<void> {
  const closed = await context.database.transaction((tx) => breakIn(tx, request));
  if (closed) announceOutcome(context, closed);
}

async function breakIn(tx: Tx, request: Breaking): Promise<Approval | null> {
  const { approval_id, principal, reason, digest } = request;
  const approval = await lockQuestion(tx, request);
  const votes = await readStanding(tx, approval_id);
  const electorate = await readElectorate(tx, principal.id, [...partiesOf(approval), ...votersOf(votes)]);
  const judgement = judgeAlone(approval, votes, { principal, vote: 'approve', digest }, electorate);
  if (!judgement.counts) return null;
  const { stage, group } = judgement;
  const cast = {
    voter: principal.id,
    delegated_by: null,
    vote: 'approve' as const,
    stage,
    group,
    comment: null,
    grant: null,
  };
  const voted_at = await insertVote(tx, { ...cast, approval_id, auth_method: principal.auth_method });
  await insertUse(tx, { approval_id, tenant: approval.tenant, used_by: principal.id, reason });
  await insertReviews(tx, [{ ...approval, review_id: approval_id, kind: 'break_glass' }]);
  const closed = await closeApproval(tx, approval_id, 'granted');
  const voted = votedEntry(approval, { ...cast, voted_at }, principal.auth_method, MARK);
  await append(tx, [voted, closedEntry(closed, [...votes, { ...cast, voted_at }], MARK)]);
  return closed;
}
