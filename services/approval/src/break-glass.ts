/**
 * Lets one person of the group that a rule names grant alone: bound to what was shown and spent once, like any grant. It is
 * marked in the evidence and waits until somebody else has signed it off.
 */
import { CountersignError } from '@countersign/contracts/errors';
import type { RpcParsed } from '@countersign/contracts/rpc';
import type { Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import type { ServiceContext } from '@countersign/platform/service';
import { announceOutcome } from './announce-outcome.ts';
import { closedEntry, reviewedEntry, votedEntry } from './approval-entries.ts';
import { judgeAlone, partiesOf } from './judge-vote.ts';
import { lockQuestion, readStanding, votersOf } from './lock-question.ts';
import { readElectorate } from './read-electorate.ts';
import { type Approval, closeApproval, insertVote } from './store.ts';
import { insertUse, readUse, signOff } from './store-glass.ts';

type Context = Pick<ServiceContext<unknown>, 'database' | 'bus' | 'metrics'>;
type Breaking = RpcParsed<'approval.break_glass'>;
type Review = RpcParsed<'approval.review'>;

const MARK = { break_glass: true };

/** The same again by the same person is the first answer again. Throws `not_found`, `revoked`, and what `judgeAlone` throws. */
export async function breakGlass(context: Context, request: Breaking): Promise<void> {
  const closed = await context.database.transaction((tx) => breakIn(tx, request));
  if (closed) announceOutcome(context, closed);
}

/** Throws `not_found`, `revoked`, `approval_not_eligible`; `state_conflict` when somebody has signed it off. */
export async function reviewGlass({ database }: Context, request: Review): Promise<void> {
  const { approval_id, principal, comment } = request;
  await database.transaction(async (tx) => {
    const approval = await lockQuestion(tx, request);
    const use = await readUse(tx, approval_id);
    if (use === null) throw new CountersignError('not_found');
    const apart = [use.used_by, ...partiesOf(approval)];
    const { personOf } = await readElectorate(tx, null, [principal.id, ...apart]);
    if (principal.type !== 'human' || apart.map(personOf).includes(personOf(principal.id)))
      throw new CountersignError('approval_not_eligible');
    if (use.reviewed_by === principal.id) return;
    if (use.reviewed_by !== null) throw new CountersignError('state_conflict', `${use.reviewed_by} has signed it off`);
    await signOff(tx, approval_id, principal.id, comment);
    await append(tx, [reviewedEntry(approval, use.used_by, principal)]);
  });
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
  const closed = await closeApproval(tx, approval_id, 'granted');
  const voted = votedEntry(approval, { ...cast, voted_at }, principal.auth_method, MARK);
  await append(tx, [voted, closedEntry(closed, [...votes, { ...cast, voted_at }], MARK)]);
  return closed;
}
