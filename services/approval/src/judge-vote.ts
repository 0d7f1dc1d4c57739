/** Decides whether a vote counts and what it brings about. Pure: the caller holds the row's lock and writes. */
import type { ApprovalView } from '@countersign/contracts/approval';
import { partiesIn } from '@countersign/contracts/delegation';
import { CountersignError } from '@countersign/contracts/errors';
import type { Principal } from '@countersign/contracts/rpc';
import type { Approval, Standing, Vote } from './store.ts';

/** `grant`: for how many jobs alike; left out, for this one alone. */
export type Ballot = { principal: Principal; vote: Vote['vote']; digest: string; grant?: Vote['grant'] | undefined };
/** `current`: the policy that asked is the active one, under the gate's lock. */
export type OpenQuestion = Standing & { current: boolean };
/** What the registry says of the people concerned. */
export type Electorate = {
  /** The same name for every account of one human. */
  personOf(id: string): string;
  /** Groups in which others, members themselves, let the voter vote for them now. */
  lent: readonly { group: string; delegated_by: string }[];
};
export type Judgement =
  | { counts: false }
  | {
      counts: true;
      stage: number;
      group: string;
      delegated_by: string | null;
      closes: 'granted' | 'refused' | null;
    };

type Seat = { group: string; delegated_by: string | null };

/**
 * First stage that still lacks a yes. The last one when none does: of an open question only after votes were counted as one
 * human's and are not any more, and then one more yes there grants.
 */
export function currentStage(
  stages: ApprovalView['stages'],
  votes: readonly Vote[],
  personOf: Electorate['personOf'],
): number {
  const counted = countOnce(votes, personOf);
  const open = stages.findIndex(({ count }, stage) => yesIn(counted, stage) < count);
  return open === -1 ? stages.length - 1 : open;
}

/**
 * The same vote again by the same person is the first answer again (`counts: false`), also after the approval closed.
 * Throws `approval_digest_mismatch`, `approval_already_voted`, `approval_outdated`, `approval_closed` or
 * `approval_not_eligible`.
 */
export function judgeVote(
  approval: OpenQuestion,
  votes: readonly Vote[],
  ballot: Ballot,
  electorate: Electorate,
): Judgement {
  if (isRepeated(approval, votes, ballot, electorate)) return { counts: false };
  const { personOf } = electorate;
  const stage = currentStage(approval.stages, votes, personOf);
  const seat = findSeat(approval, stage, votes, ballot.principal, electorate);
  if (seat === null) throw new CountersignError('approval_not_eligible');
  if (ballot.vote === 'reject') return { counts: true, stage, ...seat, closes: 'refused' };
  const { count } = approval.stages[stage]!;
  const last = stage === approval.stages.length - 1 && yesIn(countOnce(votes, personOf), stage) + 1 >= count;
  return { counts: true, stage, ...seat, closes: last ? 'granted' : null };
}

/** Who may grant alone: somebody of the group that the rule names, never by a lent vote. Throws as `judgeVote` does. */
export function judgeAlone(
  approval: OpenQuestion,
  votes: readonly Vote[],
  ballot: Ballot,
  electorate: Electorate,
): Judgement {
  if (isRepeated(approval, votes, ballot, electorate)) return { counts: false };
  const { personOf } = electorate;
  const { id, type, groups } = ballot.principal;
  const group = approval.break_glass?.group;
  const isParty = partiesOf(approval).map(personOf).includes(personOf(id));
  if (group === undefined || type !== 'human' || !groups.includes(group) || isParty)
    throw new CountersignError('approval_not_eligible');
  const stage = currentStage(approval.stages, votes, personOf);
  return { counts: true, stage, group, delegated_by: null, closes: 'granted' };
}

/** Whether this person has said the same before. Throws what a ballot meets that cannot count, whoever casts it. */
function isRepeated(approval: OpenQuestion, votes: readonly Vote[], ballot: Ballot, { personOf }: Electorate): boolean {
  if (ballot.digest !== approval.digest) throw new CountersignError('approval_digest_mismatch');
  const before = votes.find((cast) => spentBy(cast, personOf).includes(personOf(ballot.principal.id)));
  if (before?.vote === ballot.vote && isSameGrant(before.grant, ballot.grant ?? null)) return true;
  if (before) throw new CountersignError('approval_already_voted');
  refuseClosed(approval);
  return false;
}

function isSameGrant(a: Vote['grant'], b: Vote['grant']): boolean {
  return a?.uses === b?.uses && a?.minutes === b?.minutes;
}

/** Throws `approval_outdated`, which names the successor where there is one, or `approval_closed`. */
export function refuseClosed(approval: OpenQuestion): void {
  if (isOutdated(approval)) throw new CountersignError('approval_outdated', outdated(approval));
  if (approval.state !== 'open' || !approval.in_time || !approval.held) throw new CountersignError('approval_closed');
}

/** Whose standing matters besides the voter's. */
export function partiesOf({
  requester,
  owner,
  on_behalf_of,
}: Pick<Approval, 'requester' | 'owner' | 'on_behalf_of'>): string[] {
  return [requester, ...(owner === null ? [] : [owner]), ...partiesIn(on_behalf_of)];
}

/** A member votes for itself; who is none may vote for one member who let them, and whose vote is not spent. */
function findSeat(
  approval: OpenQuestion,
  stage: number,
  votes: readonly Vote[],
  { id, type, groups }: Principal,
  { personOf, lent }: Electorate,
): Seat | null {
  const parties = new Set(partiesOf(approval).map(personOf));
  const spent = new Set(votes.flatMap((cast) => spentBy(cast, personOf)));
  // Nobody countersigns their own: by any account, or by letting somebody else do it.
  if (type !== 'human' || parties.has(personOf(id))) return null;
  const asked = groupsIn(approval, stage);
  const own = asked.find((group) => groups.includes(group));
  if (own !== undefined) return { group: own, delegated_by: null };
  const free = ({ group, delegated_by }: Electorate['lent'][number]): boolean =>
    asked.includes(group) && !parties.has(personOf(delegated_by)) && !spent.has(personOf(delegated_by));
  return lent.find(free) ?? null;
}

/** Who may vote in a stage now. */
export function groupsIn(
  { stages, escalate, escalated_at }: Pick<Approval, 'stages' | 'escalate' | 'escalated_at'>,
  stage: number,
): string[] {
  const more = escalate !== null && escalated_at !== null ? [escalate.to] : [];
  return [...new Set([stages[stage]!.group, ...more])];
}

/** Whether every stage has its number. */
export function isAgreed(
  stages: ApprovalView['stages'],
  votes: readonly Vote[],
  personOf: Electorate['personOf'],
): boolean {
  const counted = countOnce(votes, personOf);
  return stages.every(({ count }, stage) => yesIn(counted, stage) >= count);
}

/** Two accounts that turn out to be one person's have one vote, the first. */
function countOnce(votes: readonly Vote[], personOf: Electorate['personOf']): Vote[] {
  const spent = new Set<string>();
  return votes.filter((cast) => {
    const people = spentBy(cast, personOf);
    const counts = !people.some((person) => spent.has(person));
    for (const person of people) spent.add(person);
    return counts;
  });
}

/** Who votes for another has voted, and so has the other. */
function spentBy({ voter, delegated_by }: Vote, personOf: Electorate['personOf']): string[] {
  return [personOf(voter), ...(delegated_by === null ? [] : [personOf(delegated_by)])];
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
