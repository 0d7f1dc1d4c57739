/** Shows approvals: a page of them without content, or one with exactly what will run. It changes nothing. */
import { APPROVAL_STATES, type ApprovalState, type ApprovalView } from '@countersign/contracts/approval';
import { type EffectiveJob, effectiveJob } from '@countersign/contracts/decision';
import { CountersignError } from '@countersign/contracts/errors';
import { readIdCursor } from '@countersign/contracts/id-cursor';
import { LIMITS } from '@countersign/contracts/limits';
import type { RpcAnswer, RpcParsed } from '@countersign/contracts/rpc';
import { EFFECTIVE_DOMAIN, saltedDigest } from '@countersign/ledger/digest';
import type { Tx } from '@countersign/platform/database';
import { currentStage, type Electorate, groupsIn } from './judge-vote.ts';
import { votersOf } from './lock-question.ts';
import { readElectorate } from './read-electorate.ts';
import type { Approval, Vote } from './store.ts';
import { readUses } from './store-glass.ts';
import { listApprovals, readApproval, readContent, readLastGranted, readVotes } from './store-shown.ts';

const NOT_LISTED = { effective: null, last_granted: null, counter_offer: null };

/** Throws `not_found`. */
export async function getApproval(
  database: Tx,
  { tenant, approval_id }: RpcParsed<'approval.get'>,
): Promise<ApprovalView> {
  const approval = await readApproval(database, tenant, approval_id);
  if (!approval) throw new CountersignError('not_found');
  const [votes, effective, last] = await Promise.all([
    readVotes(database, [approval_id]),
    contentOf(database, approval),
    readLastGranted(database, approval),
  ]);
  const [view] = await showAll(database, [approval], votes);
  const { counter_offer } = approval;
  return {
    ...view!,
    effective,
    counter_offer,
    last_granted: last && { ...last, voters: await votersOn(database, last.approval_id) },
  };
}

/** The cursor is the last approval's id. Throws `query_invalid`. */
export async function listPage(database: Tx, request: RpcParsed<'approval.list'>): Promise<RpcAnswer<'approval.list'>> {
  const { tenant, job_id = null, limit = LIMITS.page_rows } = request;
  const filter = { tenant, job_id, state: readState(request.state), before: readIdCursor(request.cursor) };
  const found = await listApprovals(database, filter, limit + 1);
  const page = found.slice(0, limit);
  const votes = await readVotes(
    database,
    page.map((approval) => approval.approval_id),
  );
  return {
    approvals: await showAll(database, page, votes),
    next_cursor: found.length > limit ? page.at(-1)!.approval_id : null,
  };
}

/** As they stand, without content. `votes`: of these, and perhaps of others. */
export async function showAll(
  database: Tx,
  approvals: readonly Approval[],
  votes: readonly (Vote & { approval_id: string })[],
): Promise<ApprovalView[]> {
  const ids = approvals.map(({ approval_id }) => approval_id);
  const [{ personOf }, uses] = await Promise.all([
    readElectorate(database, null, votersOf(votes)),
    readUses(database, ids),
  ]);
  return approvals.map((approval) => {
    const own = votes.filter((vote) => vote.approval_id === approval.approval_id).map(withoutId);
    const use = uses.find(({ approval_id }) => approval_id === approval.approval_id);
    const glass_broken = use === undefined ? null : withoutId(use);
    return {
      ...shownOf(approval),
      glass_broken,
      votes: own,
      waiting: waitingOn(approval, own, personOf),
      ...NOT_LISTED,
    };
  });
}

/** Null once erased, and when the job has meanwhile been held for something else: nobody is shown what was not asked. */
async function contentOf(database: Tx, approval: Approval): Promise<EffectiveJob | null> {
  const { effective, salt } = await readContent(database, approval);
  if (effective === null || salt === null) return null;
  const digest = saltedDigest(EFFECTIVE_DOMAIN, Buffer.from(salt, 'base64url'), effective);
  return digest === approval.effective_digest ? effectiveJob.parse(JSON.parse(effective)) : null;
}

function shownOf(approval: Approval) {
  const { held_seq: _, capability: __, auth_method: ___, traceparent: ____, expires_ms: _____, ...shown } = approval;
  return shown;
}

function waitingOn(
  approval: Approval,
  votes: readonly Vote[],
  personOf: Electorate['personOf'],
): ApprovalView['waiting'] {
  if (approval.state !== 'open') return null;
  const stage = currentStage(approval.stages, votes, personOf);
  return { stage, groups: groupsIn(approval, stage) };
}

async function votersOn(database: Tx, approval_id: string): Promise<string[]> {
  return (await readVotes(database, [approval_id])).map(({ voter }) => voter);
}

function withoutId<T extends { approval_id: string }>({ approval_id: _, ...row }: T): Omit<T, 'approval_id'> {
  return row;
}

export function readState(state: string | undefined): ApprovalState | null {
  if (state === undefined) return null;
  if (!isState(state)) throw new CountersignError('query_invalid', undefined, { at: 'state' });
  return state;
}

function isState(text: string): text is ApprovalState {
  return (APPROVAL_STATES as readonly string[]).includes(text);
}
