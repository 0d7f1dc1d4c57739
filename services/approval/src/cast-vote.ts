/**
 * Takes one person's vote. One transaction under the approval's row lock judges it, stores it, closes the approval
 * with the last one needed and records all of it; nobody hears of a yes that has not committed.
 */
import type { RpcParsed } from '@countersign/contracts/rpc';
import type { Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import type { ServiceContext } from '@countersign/platform/service';
import { announceOutcome } from './announce-outcome.ts';
import { closedEntry, votedEntry } from './approval-entries.ts';
import { giveGrant } from './give-grant.ts';
import { refuseGrant } from './grant-terms.ts';
import { currentStage, type Electorate, groupsIn, type Judgement, judgeVote, partiesOf } from './judge-vote.ts';
import { lockQuestion, readStanding, votersOf } from './lock-question.ts';
import { readElectorate } from './read-electorate.ts';
import { type Approval, closeApproval, insertVote, type Vote } from './store.ts';
import { readContent } from './store-shown.ts';

type Context = Pick<ServiceContext<unknown>, 'database' | 'bus' | 'metrics' | 'log'>;
type VoteRequest = RpcParsed<'approval.vote'>;
type Counting = Extract<Judgement, { counts: true }> & Pick<Electorate, 'personOf'>;

/** Throws `not_found`, `revoked`, or what `judgeVote` and `refuseGrant` throw. */
export async function castVote(context: Context, request: VoteRequest): Promise<void> {
  const closed = await context.database.transaction((tx) => voteIn(tx, request));
  if (closed) announceOutcome(context, closed);
}

async function voteIn(tx: Tx, request: VoteRequest): Promise<Approval | null> {
  const approval = await lockQuestion(tx, request);
  const votes = await readStanding(tx, request.approval_id);
  const electorate = await readElectorate(tx, request.principal.id, [...partiesOf(approval), ...votersOf(votes)]);
  const judgement = judgeVote(approval, votes, request, electorate);
  if (judgement.counts && request.grant) refuseGrant(approval, request.grant, await readContent(tx, approval));
  return judgement.counts
    ? record(tx, approval, votes, request, { ...judgement, personOf: electorate.personOf })
    : null;
}

/** The approval when this vote closed it. */
async function record(
  tx: Tx,
  approval: Approval,
  before: readonly Vote[],
  { principal, vote, comment, ...asked }: VoteRequest,
  { stage, group, delegated_by, closes, personOf }: Counting,
): Promise<Approval | null> {
  const cast = { voter: principal.id, delegated_by, vote, stage, group, comment, grant: asked.grant ?? null };
  const { approval_id } = approval;
  const voted_at = await insertVote(tx, { ...cast, approval_id, auth_method: principal.auth_method });
  const votes = [...before, { ...cast, voted_at }];
  const next = closes ? stage : currentStage(approval.stages, votes, personOf);
  const asks = next === stage ? {} : { asks_next: groupsIn(approval, next) };
  const voted = votedEntry(approval, { ...cast, voted_at }, principal.auth_method, asks);
  const closed = closes ? await closeApproval(tx, approval_id, closes) : null;
  await append(tx, closed ? [voted, closedEntry(closed, votes, await giveGrant(tx, closed, votes))] : [voted]);
  return closed;
}
