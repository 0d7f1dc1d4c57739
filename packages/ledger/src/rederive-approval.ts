/**
 * Derives again that an approval was of exactly what ran: the digest that people voted for, enough of the right people for
 * each stage, none of whom asked for it, granted before its end and spent once.
 */
import { isEqual, microsecondsOf } from './approval-terms.ts';
import { DEFAULT_STAGES, wereAsked } from './asked-stages.ts';
import { canonicalize, type JsonValue } from './canonical-json.ts';
import type { Body, DerivedFault } from './derived-fault.ts';
import { APPROVAL_DOMAIN, plainDigest } from './digest.ts';
import { type Grants, giveGrant, grantFault } from './rederive-grant.ts';
import type { Persons } from './rederive-persons.ts';

/** `delegated_by`: whose vote it is, when that person lent it to the voter. */
type Vote = {
  voter: unknown;
  delegated_by?: unknown;
  stage: unknown;
  group: unknown;
  digest: unknown;
  break_glass?: unknown;
  /** For how many jobs alike. */
  grant?: unknown;
  /** The humans that it is spent for, and those in whose matter it is, as their accounts were one when it was cast. */
  spent: unknown[];
  apart: unknown[];
};

export type Approval = {
  opened: Body;
  approvals: Vote[];
  granted: boolean;
  /** The group that might vote as well since it had waited. */
  escalated_to?: unknown;
  /** Dispatches that it let through. */
  spent: number;
  /** It came by a grant, and was that use of it; null before the first dispatch. */
  use: unknown;
};

/** What a vote names, over every field that decides (`services/approval/src/approval-digest.ts`). */
const BOUND = [
  'approval_id',
  'tenant',
  'job_id',
  'topic',
  'job_hash',
  'effective_digest',
  'policy_version',
  'policy_snapshot',
  'policy_epoch',
  'stages',
  'max_attempts',
  'owner',
  'on_behalf_of',
  'expires_at',
] as const;

const NOT_GRANTED = ['approval_refused', 'approval_expired', 'approval_voided', 'approval_withdrawn'];

/** What may not differ when votes are carried over a change of policy. */
const SAME = [
  ...['job_hash', 'effective_digest', 'topic', 'capability', 'rule_id', 'stages', 'max_attempts', 'actor', 'owner'],
  ...['on_behalf_of', 'expires_at', 'escalate', 'break_glass', 'grant'],
];

type Dispatch = { body: Body; decision: Body; time_us: number };

/** `persons`: as the registry has them at this moment. */
export function readApproval(
  approvals: Map<unknown, Approval>,
  kind: string,
  body: Body,
  persons: Pick<Persons, 'nameOf'>,
): void {
  const known = approvals.get(body.approval_id);
  const opens = kind === 'approval_opened' || kind === 'approval_by_grant';
  if (opens && known === undefined) {
    const carried = carriedFrom(approvals.get(body.carried_from), body);
    const granted = kind === 'approval_by_grant';
    approvals.set(body.approval_id, { opened: body, granted, spent: 0, use: null, ...carried });
  }
  if (known === undefined) return;
  const { voter, delegated_by, stage, group, digest, break_glass, grant } = body;
  if (kind === 'approval_voted' && body.vote === 'approve')
    known.approvals.push({
      ...{ voter, delegated_by, stage, group, digest, break_glass, grant },
      spent: (delegated_by === undefined ? [voter] : [voter, delegated_by]).map((each) => persons.nameOf(each)),
      apart: partiesOf(known.opened).map((each) => persons.nameOf(each)),
    });
  if (kind === 'approval_escalated') known.escalated_to = body.to;
  if (kind === 'approval_granted') known.granted = true;
  if (NOT_GRANTED.includes(kind)) known.granted = false;
}

/** The votes of the question before count for this one where it is on the very same terms and not spent. */
function carriedFrom(former: Approval | undefined, opened: Body): Pick<Approval, 'approvals' | 'escalated_to'> {
  const isSame =
    former !== undefined && former.spent === 0 && SAME.every((field) => isEqual(former.opened, opened, field));
  if (!isSame) return { approvals: [] };
  const given = former.approvals.filter(({ digest, break_glass }) => digest === former.opened.digest && !break_glass);
  const approvals = given.map((vote) => ({ ...vote, digest: opened.digest, grant: undefined }));
  return { approvals, escalated_to: former.escalated_to };
}

/** Keeps the grant that an `approval_granted` gave, when the votes that it names carry it. */
export function readGiven(
  grants: Grants,
  approval: Approval | undefined,
  granted: Body,
  time_us: number,
): DerivedFault[] {
  if (granted.grant === undefined) return [];
  if (approval === undefined) return ['approval_missing'];
  const named = new Set(Array.isArray(granted.approvers) ? granted.approvers.map(({ approver }) => approver) : []);
  const approvals = approval.approvals.filter(({ voter, break_glass }) => named.has(voter) && break_glass !== true);
  const fault = agreementFault({ ...approval, approvals });
  const faults = giveGrant(grants, approval.opened, approvals, granted, time_us);
  return fault === null ? faults : [fault];
}

/** Null when it let this dispatch through rightly; then it is spent once more. */
export function approvalFault(
  approval: Approval,
  { body, decision, time_us }: Dispatch,
  grants: Grants = new Map(),
): DerivedFault | null {
  const { opened } = approval;
  if (!approval.granted) return 'approval_missing';
  if (opened.digest !== digestOf(opened) || !isOfThis(opened, body, decision)) return 'approval_of_something_else';
  const byGrant = opened.grant_id !== undefined;
  const fault = byGrant ? grantFault(grants, opened, approval.use, { body, time_us }) : agreementFault(approval);
  if (fault !== null) return fault;
  if (!wereAsked(wantedBy(decision), opened.stages)) return 'approval_by_too_few';
  if (approval.spent === 0 && time_us > microsecondsOf(opened.expires_at)) return 'approval_expired';
  if (approval.spent >= Number(opened.max_attempts)) return 'approval_spent';
  if (byGrant) approval.use = (body.grant as Body).use;
  approval.spent += 1;
  return null;
}

/** Whether enough of the right people said yes to what was asked. */
function agreementFault(approval: Approval): DerivedFault | null {
  const { opened } = approval;
  if (opened.digest !== digestOf(opened)) return 'approval_of_something_else';
  if (approval.approvals.some(({ digest }) => digest !== opened.digest)) return 'approval_of_something_else';
  if (approval.approvals.some(({ spent, apart }) => spent.some((person) => apart.includes(person))))
    return 'approval_by_the_wrong_person';
  return hasAll(approval, opened.stages) ? null : 'approval_by_too_few';
}

/** In whose matter it is: who asked, who answers for it, and whoever is in the chain. */
function partiesOf({ actor, owner, on_behalf_of }: Body): unknown[] {
  const chain = typeof on_behalf_of === 'string' ? on_behalf_of.split(/[ /]/) : [];
  return [actor, owner, ...chain];
}

function digestOf(opened: Body): string | null {
  try {
    const extra = ['escalate', 'break_glass', 'grant'].filter((field) => opened[field] !== undefined);
    const bound = Object.fromEntries([...BOUND, ...extra].map((field) => [field, opened[field] as JsonValue]));
    return plainDigest(APPROVAL_DOMAIN, canonicalize({ ...bound, requester: opened.actor as JsonValue }));
  } catch {
    return null;
  }
}

/** Whose yes the decision at dispatch takes. */
function wantedBy({ obligations }: Body): unknown {
  const { approval } = (obligations ?? {}) as { approval?: { stages?: unknown } | null };
  return approval?.stages ?? DEFAULT_STAGES;
}

function isOfThis(opened: Body, body: Body, decision: Body): boolean {
  return (
    opened.job_hash === body.job_hash &&
    opened.effective_digest === body.effective_digest &&
    opened.policy_snapshot === decision.policy_snapshot &&
    opened.policy_epoch === decision.policy_epoch
  );
}

/** Each stage has as many different people as it asks for, and nobody counts in two. */
function hasAll({ approvals, opened, escalated_to }: Approval, stages: unknown): boolean {
  if (!Array.isArray(stages) || stages.length === 0) return false;
  if (approvals.some((vote) => mayAlone(vote, opened))) return true;
  const escalated = (opened.escalate as { to?: unknown } | undefined)?.to;
  const others = escalated !== undefined && escalated === escalated_to ? [escalated] : [];
  const voters = approvals.flatMap(({ spent }) => spent);
  if (new Set(voters).size !== voters.length) return false;
  return stages.every((asked: unknown, stage) => {
    const { group, count } = (asked ?? {}) as Body;
    return (
      approvals.filter((vote) => vote.stage === stage && [group, ...others].includes(vote.group)).length >=
      Number(count)
    );
  });
}

/** One of the group that the rule names grants alone. */
function mayAlone({ break_glass, group }: Vote, opened: Body): boolean {
  return break_glass === true && group === (opened.break_glass as { group?: unknown } | undefined)?.group;
}
