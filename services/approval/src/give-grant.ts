/** Gives a bounded grant with the last yes, of what all votes agreed to; and takes it back, at once and for good. */
import { CountersignError } from '@countersign/contracts/errors';
import type { GrantPage, GrantView } from '@countersign/contracts/grant';
import { readIdCursor } from '@countersign/contracts/id-cursor';
import { LIMITS } from '@countersign/contracts/limits';
import type { RpcParsed } from '@countersign/contracts/rpc';
import { readControl, refuseRevoked } from '@countersign/platform/control-gate';
import type { Database, Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import { grantRevokedEntry } from './approval-entries.ts';
import { leastOf, sameDigest } from './grant-terms.ts';
import { votersOf } from './lock-question.ts';
import type { Approval, Vote } from './store.ts';
import { type Grant, insertGrant, listGrants, lockGrant, markRevoked, readGrant } from './store-grants.ts';
import { readApproval, readContent, readVotes } from './store-shown.ts';

/** What its entry says; nothing where the yes is for the one job. The fields' values stay out: only their salted digest is recorded. */
export async function giveGrant(tx: Tx, closed: Approval, votes: readonly Vote[]): Promise<Record<string, unknown>> {
  const least = closed.state === 'granted' && closed.grant !== null ? leastOf(votes) : null;
  if (least === null) return {};
  const { effective, salt } = await readContent(tx, closed);
  const same_digest = sameDigest(closed.grant!.same, effective, salt);
  if (same_digest === null) return {};
  const { approval_id: grant_id, tenant } = closed;
  const given_by = [...new Set(votersOf(votes))];
  const expires_at = await insertGrant(tx, {
    grant_id,
    tenant,
    max_uses: least.uses,
    minutes: least.minutes,
    given_by,
  });
  return { grant: { max_uses: least.uses, minutes: least.minutes, expires_at, same_digest } };
}

/** Throws `query_invalid`. */
export async function pageOfGrants(database: Tx, asked: RpcParsed<'approval.grants'>): Promise<GrantPage> {
  const { tenant, active, limit = LIMITS.page_rows } = asked;
  const epoch = await epochOf(database, tenant);
  const found = await listGrants(database, {
    tenant,
    active,
    epoch,
    before: readIdCursor(asked.cursor),
    limit: limit + 1,
  });
  const page = found.slice(0, limit).map((grant) => toView(grant, epoch));
  return { grants: page, next_cursor: found.length > limit ? page.at(-1)!.grant_id : null };
}

/** Those of a group that voted may, and whoever may do so for `any`. The same again changes nothing. Throws `not_found`, `revoked`, `approval_not_eligible`. */
export function revokeGrant(database: Database, asked: RpcParsed<'approval.revoke_grant'>): Promise<GrantView> {
  const { tenant, grant_id, principal, reason, any } = asked;
  return database.transaction(async (tx) => {
    await refuseRevoked(tx, principal, [tenant]);
    await lockGrant(tx, tenant, grant_id);
    const given = await readApproval(tx, tenant, grant_id);
    const grant = await readGrant(tx, tenant, grant_id);
    if (given === null || grant === null) throw new CountersignError('not_found');
    const votes = await readVotes(tx, [grant_id]);
    if (!any && !votes.some(({ group }) => principal.groups.includes(group)))
      throw new CountersignError('approval_not_eligible');
    if (grant.revoked_at === null) {
      await markRevoked(tx, grant_id, principal.id, reason);
      await append(tx, [grantRevokedEntry(given, principal)]);
    }
    return toView((await readGrant(tx, tenant, grant_id))!, await epochOf(tx, tenant));
  });
}

async function epochOf(tx: Tx, tenant: string): Promise<number | null> {
  const { policies } = await readControl(tx, [tenant]);
  return policies[tenant]?.epoch ?? null;
}

function toView({ policy_epoch, in_time, ...grant }: Grant, epoch: number | null): GrantView {
  const { revoked_at, used, max_uses } = grant;
  const rest = policy_epoch !== epoch ? 'void' : !in_time ? 'expired' : used >= max_uses ? 'spent' : 'active';
  return { ...grant, state: revoked_at === null ? rest : 'revoked' };
}
