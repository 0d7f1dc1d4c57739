/** Decides whether a vote counts and what it brings about. Pure: the caller holds the row's lock and writes. */
import type { ApprovalView } from '@countersign/contracts/approval';
import { partiesIn } from '@countersign/contracts/delegation';
import { CountersignError } from '@countersign/contracts/errors';
import type { Principal } from '@countersign/contracts/rpc';
import type { Approval, Vote } from './store.ts';

export type Ballot = { principal: Principal; vote: Vote['vote']; digest: string };
/**
 * `in_time` by the database's clock; `held`: the job still waits in the hold that asked; `current`: the policy that asked is
 * the active one, under the gate's lock.
 */
export type OpenQuestion = Approval & { in_time: boolean; held: boolean; current: boolean };
export type Judgement =
  | { counts: false }
  | { counts: true; stage: number; group: string; closes: 'granted' | 'refused' | null };

/** First stage that still lacks a yes; null when every stage has its number. */
export function currentStage(stages: ApprovalView['stages'], votes: readonly Vote[]): number | null {
  const open = stages.findIndex(({ count }, stage) => yesIn(votes, stage) < count);
  return open === -1 ? null : open;
}

/**
 * The same vote again by the same person is the first answer again (`counts: false`), also after the approval closed.
 * Throws `approval_digest_mismatch`, `approval_already_voted`, `approval_outdated`, `approval_closed` or
 * `approval_not_eligible`.
 */
export function judgeVote(approval: OpenQuestion, votes: readonly Vote[], ballot: Ballot): Judgement {
  if (ballot.digest !== approval.digest) throw new CountersignError('approval_digest_mismatch');
  const before = votes.find((cast) => cast.voter === ballot.principal.id);
  if (before?.vote === ballot.vote) return { counts: false };
  if (before) throw new CountersignError('approval_already_voted');
  if (isOutdated(approval)) throw new CountersignError('approval_outdated', outdated(approval));
  const stage = currentStage(approval.stages, votes);
  if (approval.state !== 'open' || !approval.in_time || !approval.held || stage === null) {
    throw new CountersignError('approval_closed');
  }
  const { group, count } = approval.stages[stage]!;
  const { principal } = ballot;
  if (principal.type !== 'human' || !principal.groups.includes(group) || isParty(approval, principal.id)) {
    throw new CountersignError('approval_not_eligible');
  }
  if (ballot.vote === 'reject') return { counts: true, stage, group, closes: 'refused' };
  const last = stage === approval.stages.length - 1 && yesIn(votes, stage) + 1 >= count;
  return { counts: true, stage, group, closes: last ? 'granted' : null };
}

function yesIn(votes: readonly Vote[], stage: number): number {
  return votes.filter((cast) => cast.stage === stage && cast.vote === 'approve').length;
}

/** Voided in favour of another one, or about to be. */
function isOutdated({ state, superseded_by, current }: OpenQuestion): boolean {
  return superseded_by !== null || (state === 'open' && !current);
}

function outdated({ superseded_by }: OpenQuestion): string {
  return superseded_by === null
    ? 'the policy changed; the job is being decided again'
    : `the policy changed; approval ${superseded_by} asks in place of this one`;
}

/**
 * Neither who asked, nor who answers for the agent, nor anybody on whose behalf it is done, nor who answers for one of
 * those: nobody countersigns their own.
 */
function isParty(approval: Approval, person: string): boolean {
  return [approval.requester, approval.owner, ...partiesIn(approval.on_behalf_of)].includes(person);
}
