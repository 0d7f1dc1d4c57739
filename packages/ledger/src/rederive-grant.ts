/**
 * Derives again that each use of a bounded grant fitted what people agreed to: of the same agent, topic, capability, rule and
 * fields, under the same policy, within its time, one of those that were given and had by no other, and not after somebody revoked it.
 */
import { isEqual, microsecondsOf } from './approval-terms.ts';
import type { Body, DerivedFault } from './derived-fault.ts';

export type Grant = {
  opened: Body;
  max_uses: number;
  until_us: number;
  same_digest: unknown;
  /** The first is that of the job that people voted on. */
  used: Set<unknown>;
  revoked: boolean;
};
/** Of a chain that is not the grant's own. */
export type Grants = Map<string, Grant>;

type Vote = { voter: unknown; grant?: unknown };

/** What a use may not differ in from the question that people voted on. */
const SAME = [
  ...['tenant', 'topic', 'capability', 'actor', 'owner', 'on_behalf_of', 'rule_id', 'stages', 'grant'],
  ...['policy_snapshot', 'policy_epoch'],
];

/** `votes`: those that the grant names. Keeps it, of no more than the least of them and the rule allow. */
export function giveGrant(
  grants: Grants,
  opened: Body,
  votes: readonly Vote[],
  granted: Body,
  time_us: number,
): DerivedFault[] {
  const { max_uses, expires_at, same_digest } = granted.grant as Body;
  const rule = (opened.grant ?? {}) as Body;
  const uses = votes.map(({ grant }) => Number((grant as Body | undefined)?.uses));
  const minutes = votes.map(({ grant }) => Number((grant as Body | undefined)?.minutes));
  const until_us = microsecondsOf(expires_at);
  const given = {
    opened,
    max_uses: Number(max_uses),
    until_us,
    same_digest,
    used: new Set<unknown>([1]),
    revoked: false,
  };
  grants.set(keyOf(opened.tenant, opened.approval_id), given);
  const most_us = Math.min(...minutes, Number(rule.max_minutes)) * 60_000_000;
  // The end counts from the moment of the grant, which is before its entry's.
  const fits = given.max_uses <= Math.min(...uses, Number(rule.max_uses)) && until_us - time_us <= most_us;
  return votes.length > 0 && fits && typeof same_digest === 'string' ? [] : ['grant_beyond_votes'];
}

export function revokeGrant(grants: Grants, body: Body): DerivedFault[] {
  const grant = grants.get(keyOf(body.tenant, body.grant_id));
  if (grant === undefined) return ['grant_missing'];
  grant.revoked = true;
  return [];
}

/** `opened`: of the approval that the grant gave. `use`: which one it was on the first attempt; null before. Null when it fits. */
export function grantFault(
  grants: Grants,
  opened: Body,
  use: unknown,
  { body, time_us }: { body: Body; time_us: number },
): DerivedFault | null {
  const grant = grants.get(keyOf(opened.tenant, opened.grant_id));
  const named = (body.grant ?? {}) as Body;
  if (grant === undefined || named.grant_id !== opened.grant_id) return 'grant_missing';
  if (opened.same_digest !== grant.same_digest || !SAME.every((field) => isEqual(grant.opened, opened, field)))
    return 'grant_of_something_else';
  if (grant.revoked) return 'grant_revoked';
  if (use !== null) return named.use === use ? null : 'grant_spent';
  if (time_us > grant.until_us) return 'grant_expired';
  // Several that were dispatched together stand in the log in any order.
  if (!Number.isInteger(named.use) || Number(named.use) < 1 || Number(named.use) > grant.max_uses) return 'grant_spent';
  if (grant.used.has(named.use)) return 'grant_spent';
  grant.used.add(named.use);
  return null;
}

function keyOf(tenant: unknown, grant_id: unknown): string {
  return `${String(tenant)}/${String(grant_id)}`;
}
