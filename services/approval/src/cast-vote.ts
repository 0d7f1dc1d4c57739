/**
 * Takes one person's vote. One transaction under the approval's row lock judges it, stores it, closes the approval
 * with the last one needed and records all of it; nobody hears of a yes that has not committed.
 */
import { CountersignError } from '@countersign/contracts/errors';
import type { RpcParsed } from '@countersign/contracts/rpc';
import { readControl, refuseRevoked } from '@countersign/platform/control-gate';
import type { Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import type { ServiceContext } from '@countersign/platform/service';
import { announceOutcome } from './announce-outcome.ts';
import { closedEntry, votedEntry } from './approval-entries.ts';
import { type Judgement, judgeVote } from './judge-vote.ts';
import { type Approval, closeApproval, insertVote, lockApproval, readLocked, type Vote } from './store.ts';
import { readVotes } from './store-shown.ts';

type Context = Pick<ServiceContext<unknown>, 'database' | 'bus' | 'metrics' | 'log'>;
type VoteRequest = RpcParsed<'approval.vote'>;
type Counting = Extract<Judgement, { counts: true }>;

/** Throws `not_found`, `revoked`, or what `judgeVote` throws. */
export async function castVote(context: Context, request: VoteRequest): Promise<void> {
  const closed = await context.database.transaction((tx) => voteIn(tx, request));
  if (closed) announceOutcome(context, closed);
}

async function voteIn(tx: Tx, request: VoteRequest): Promise<Approval | null> {
  const { tenant, approval_id, principal } = request;
  const { policies } = await refuseRevoked(tx, principal, [tenant]);
  if (!(await lockApproval(tx, tenant, approval_id))) throw new CountersignError('not_found');
  const locked = await readLocked(tx, approval_id);
  const approval = { ...locked, current: policies[tenant]?.epoch === locked.policy_epoch };
  const votes = await readStanding(tx, approval_id);
  const judgement = judgeVote(approval, votes, request);
  return judgement.counts ? record(tx, approval, votes, request, judgement) : null;
}

/** Of who was revoked since, a vote counts no more: somebody else has to look. Under the gate. */
async function readStanding(tx: Tx, approval_id: string): Promise<Vote[]> {
  const votes = await readVotes(tx, [approval_id]);
  const { revoked } = await readControl(
    tx,
    [],
    votes.map(({ voter }) => voter),
  );
  return votes.filter(({ voter }) => !revoked.includes(voter));
}

/** The approval when this vote closed it. */
async function record(
  tx: Tx,
  approval: Approval,
  before: readonly Vote[],
  { principal, vote, comment }: VoteRequest,
  { stage, group, closes }: Counting,
): Promise<Approval | null> {
  const cast = { voter: principal.id, vote, stage, group, comment };
  const { approval_id } = approval;
  const voted_at = await insertVote(tx, { ...cast, approval_id, auth_method: principal.auth_method });
  const voted = votedEntry(approval, { ...cast, voted_at }, principal.auth_method);
  const closed = closes ? await closeApproval(tx, approval_id, closes) : null;
  await append(tx, closed ? [voted, closedEntry(closed, [...before, { ...cast, voted_at }])] : [voted]);
  return closed;
}
