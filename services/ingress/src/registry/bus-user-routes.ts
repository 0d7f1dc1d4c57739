/** `/bus-users`: keys by which the tenant's agents and auditors are let into NATS. Their private halves never come here. */
import {
  busKey,
  busUserPage,
  busUserView,
  type newBusUser as Given,
  newBusUser,
  registryQuery,
} from '@countersign/contracts/identity';
import { LIMITS } from '@countersign/contracts/limits';
import { z } from 'zod';
import type { Caller } from '../caller.ts';
import { type Route, route } from '../route.ts';
import { insertBusUser, listBusUsers, readBusUser } from '../store-bus.ts';
import { changeRegistry, entryOf, mustExist } from './change-registry.ts';
import { pageOf } from './pages.ts';
import { type RegistryParts, revokeRoute } from './revoke-routes.ts';
import { readAgent, readPerson } from './store-registry.ts';

const params = z.strictObject({ nkey: busKey });

export function busUserRoutes(parts: RegistryParts): Route[] {
  return [
    route({
      method: 'get',
      path: '/bus-users',
      summary: 'List the keys by which agents and auditors are let into NATS',
      permissions: ['identity:read'],
      query: registryQuery,
      answers: { 200: { says: 'One page', schema: busUserPage } },
      gives: async ({ caller: { tenant }, query }) => {
        const { rows, next_cursor } = await pageOf(
          query,
          (after, rows) => listBusUsers(parts.database, { tenant, after, rows }),
          ({ nkey }) => nkey,
        );
        return { bus_users: rows, next_cursor };
      },
    }),
    route({
      method: 'post',
      path: '/bus-users',
      summary: 'Let a key of the tenant’s agents or auditors into NATS',
      permissions: ['identity:write'],
      body: { schema: newBusUser, limit: LIMITS.request_bytes },
      answers: { 201: { says: 'It is let in from now on', schema: busUserView } },
      gives: ({ caller, body }) => createBusUser(parts, caller, body),
    }),
    revokeRoute(parts, {
      path: '/bus-users/:nkey/revoke',
      summary: 'Revoke a key of the bus: whoever is connected by it is disconnected',
      permissions: ['identity:write'],
      params,
      answer: busUserView,
      what: 'bus_user',
      idOf: ({ nkey }) => nkey,
      show: (tx, { tenant }, { nkey }) => readBusUser(tx, tenant, nkey),
    }),
  ];
}

/** Throws `not_found` for a principal that is not the tenant's, `identity_conflict` for a key that is taken, `bus_full`. */
function createBusUser({ database }: RegistryParts, caller: Caller, given: z.output<typeof Given>) {
  return changeRegistry(database, caller, async (tx) => {
    const { tenant } = caller;
    const { principal } = given;
    if (principal !== null)
      mustExist((await readAgent(tx, tenant, principal)) ?? (await readPerson(tx, tenant, principal)));
    const isNew = await insertBusUser(tx, { ...given, tenant });
    const answer = mustExist(await readBusUser(tx, tenant, given.nkey));
    const what = { what: 'bus_user', tenant, ...given };
    return { answer, entries: isNew ? [entryOf(caller, 'identity_created', principal ?? tenant, what)] : [] };
  });
}
