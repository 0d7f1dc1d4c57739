/** Lists what waits for one person: the open questions on which this principal's yes would count now. It changes nothing. */
import { CountersignError } from '@countersign/contracts/errors';
import { readIdCursor } from '@countersign/contracts/id-cursor';
import { LIMITS } from '@countersign/contracts/limits';
import type { Principal, RpcAnswer, RpcParsed } from '@countersign/contracts/rpc';
import { readControl } from '@countersign/platform/control-gate';
import type { Tx } from '@countersign/platform/database';
import { type Electorate, judgeVote, type OpenQuestion, partiesOf } from './judge-vote.ts';
import { votersOf } from './lock-question.ts';
import { readElectorate } from './read-electorate.ts';
import { readState, showAll } from './show-approvals.ts';
import { readOpen, type Vote } from './store.ts';
import { readVotes } from './store-shown.ts';

type Request = RpcParsed<'approval.list'>;

/** Looks at one page of open questions at a time, so it may hold fewer rows than asked for and go on. Throws `query_invalid`. */
export async function listVotable(
  database: Tx,
  request: Request,
  principal: Principal,
): Promise<RpcAnswer<'approval.list'>> {
  const { tenant, job_id, limit = LIMITS.page_rows } = request;
  const state = readState(request.state);
  const found = await readOpen(database, tenant, readIdCursor(request.cursor), limit + 1);
  const page = found.slice(0, limit);
  const ids = page.map(({ approval_id }) => approval_id);
  const [votes, { policies }] = await Promise.all([readVotes(database, ids), readControl(database, [tenant])]);
  const electorate = await readElectorate(database, principal.id, [...page.flatMap(partiesOf), ...votersOf(votes)]);
  const votable = page.filter((approval) => {
    if ((job_id !== undefined && approval.job_id !== job_id) || (state !== null && state !== 'open')) return false;
    const question = { ...approval, current: policies[tenant]?.epoch === approval.policy_epoch };
    return mayVote(
      question,
      votes.filter((vote) => vote.approval_id === approval.approval_id),
      principal,
      electorate,
    );
  });
  return {
    approvals: await showAll(database, votable, votes),
    next_cursor: found.length > limit ? page.at(-1)!.approval_id : null,
  };
}

function mayVote(
  question: OpenQuestion,
  votes: readonly Vote[],
  principal: Principal,
  electorate: Electorate,
): boolean {
  try {
    return judgeVote(question, votes, { principal, vote: 'approve', digest: question.digest }, electorate).counts;
  } catch (thrown) {
    if (thrown instanceof CountersignError) return false;
    throw thrown;
  }
}
