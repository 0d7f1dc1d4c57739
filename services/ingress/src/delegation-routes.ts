/** `/delegations`: whom a caller lets act on its own behalf. It speaks for itself alone: nobody gives away another's. */
import { CountersignError } from '@countersign/contracts/errors';
import {
  type DelegationRequest,
  type DelegationView,
  delegationList,
  delegationRequest,
  delegationView,
} from '@countersign/contracts/http';
import { revocationRequest } from '@countersign/contracts/identity';
import { LIMITS } from '@countersign/contracts/limits';
import { uuid } from '@countersign/contracts/names';
import type { Database } from '@countersign/platform/database';
import { uuidv7 } from '@countersign/platform/ids';
import { append } from '@countersign/platform/ledger-append';
import { z } from 'zod';
import type { Caller } from './caller.ts';
import { revokeIdentity } from './revoke-identity.ts';
import { type Route, route } from './route.ts';
import { countGiven, insertDelegation, isGivenBy, listDelegations } from './store-delegations.ts';

export function delegationRoutes(database: Database): Route[] {
  return [
    route({
      method: 'get',
      path: '/delegations',
      summary: 'Who acts on the own behalf, and on whose behalf the caller may act',
      permissions: ['delegate'],
      answers: { 200: { says: 'Those that stand, newest first', schema: delegationList } },
      gives: async ({ caller }) => {
        const delegations = await listDelegations(database, caller.id, LIMITS.page_rows);
        return { delegations };
      },
    }),
    route({
      method: 'post',
      path: '/delegations',
      summary:
        'Let another principal of the tenant act on the own behalf, or vote in a group in the own place, for a time',
      permissions: ['delegate'],
      body: { schema: delegationRequest, limit: LIMITS.request_bytes },
      answers: { 201: { says: 'The delegation', schema: delegationView } },
      gives: ({ caller, body }) => give(database, caller, body),
    }),
    route({
      method: 'post',
      path: '/delegations/:delegation_id/revoke',
      summary: 'End a delegation that the caller gave',
      permissions: ['delegate'],
      params: z.strictObject({ delegation_id: uuid }),
      body: { schema: revocationRequest, limit: LIMITS.request_bytes },
      answers: { 204: { says: 'It has ended' } },
      handle: async ({ caller, params, body }) => {
        await end(database, caller, params.delegation_id, body.reason);
        return { status: 204 };
      },
    }),
  ];
}

async function give(database: Database, caller: Caller, asked: DelegationRequest): Promise<DelegationView> {
  refuseToken(caller);
  if (asked.to === caller.id) throw new CountersignError('field_invalid', 'nobody acts for itself', { at: '/to' });
  const votes_in = asked.votes_in ?? null;
  if (votes_in !== null) refuseLending(caller, votes_in);
  const { id: principal, tenant, auth_method, key_id } = caller;
  const life_ms = asked.expires_in * 1000;
  return database.transaction(async (tx) => {
    if ((await countGiven(tx, principal)) >= LIMITS.delegations)
      throw new CountersignError('too_many_requests', `${LIMITS.delegations} delegations of this principal stand`);
    const row = { delegation_id: uuidv7(), principal, to: asked.to, votes_in, tenant, life_ms };
    const made = await insertDelegation(tx, row);
    if (made === undefined) throw new CountersignError('identity_unknown', undefined, { at: '/to' });
    const body = { tenant, auth_method, actor: principal, by_key: key_id, what: 'delegation', ...made };
    await append(tx, [{ chain: `identity:${principal}`, kind: 'identity_created', tenant, topic: null, body }]);
    return made;
  });
}

/** A member lends its own vote; what was lent to it is not its own. */
function refuseLending({ type, groups }: Caller, group: string): void {
  if (type !== 'human' || !groups.includes(group))
    throw new CountersignError('field_invalid', 'the caller is not in this group', { at: '/votes_in' });
}

/** It would outlive the token by months: who steals a token for minutes must not keep that. */
function refuseToken({ auth_method }: Caller): void {
  if (auth_method === 'token')
    throw new CountersignError('permission_missing', 'a delegation is given with an API key or a signature');
}

async function end(database: Database, caller: Caller, id: string, reason: string): Promise<void> {
  await database.transaction(async (tx) => {
    if (!(await isGivenBy(tx, caller.id, id))) throw new CountersignError('not_found');
    const { key_id, id: principal, auth_method } = caller;
    await revokeIdentity(tx, {
      what: 'delegation',
      id,
      reason,
      by_key: null,
      by: { key_id, id: principal, auth_method },
    });
  });
}
