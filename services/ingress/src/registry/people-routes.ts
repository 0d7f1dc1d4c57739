/** `/people`: who owns agents, votes and runs the system, and the groups that approvals ask for. */
import { newPerson, peoplePage, personChange, personView, registryQuery } from '@countersign/contracts/identity';
import { LIMITS } from '@countersign/contracts/limits';
import { principalId } from '@countersign/contracts/names';
import { z } from 'zod';
import { type Route, route } from '../route.ts';
import { changePerson, createPerson } from './change-people.ts';
import { mustExist } from './change-registry.ts';
import { pageOf } from './pages.ts';
import { type RegistryParts, revokeRoute } from './revoke-routes.ts';
import { listPeople, readPerson } from './store-registry.ts';

const params = z.strictObject({ id: principalId });

export function peopleRoutes(parts: RegistryParts): Route[] {
  return [
    route({
      method: 'get',
      path: '/people',
      summary: 'List people with their groups and their last use, by name',
      permissions: ['identity:read'],
      query: registryQuery,
      answers: { 200: { says: 'One page', schema: peoplePage } },
      gives: async ({ caller: { tenant }, query }) => {
        const { rows, next_cursor } = await pageOf(
          query,
          (after, rows) => listPeople(parts.database, { tenant, after, rows }),
          ({ id }) => id,
        );
        return { people: rows, next_cursor };
      },
    }),
    route({
      method: 'post',
      path: '/people',
      summary: 'Make a person, in groups that exist',
      permissions: ['identity:write'],
      body: { schema: newPerson, limit: LIMITS.request_bytes },
      answers: { 201: { says: 'They may be given keys now', schema: personView } },
      gives: ({ caller, body }) => createPerson(parts.database, caller, body),
    }),
    route({
      method: 'get',
      path: '/people/:id',
      summary: 'A person',
      permissions: ['identity:read'],
      params,
      answers: { 200: { says: 'The person', schema: personView } },
      gives: async ({ caller, params }) => mustExist(await readPerson(parts.database, caller.tenant, params.id)),
    }),
    route({
      method: 'patch',
      path: '/people/:id',
      summary: "Say which groups a person is in, and whose second account it is; nobody's own",
      permissions: ['identity:write'],
      params,
      body: { schema: personChange, limit: LIMITS.request_bytes },
      answers: { 200: { says: 'The person as they are now', schema: personView } },
      gives: ({ caller, params, body }) => changePerson(parts.database, caller, params.id, body),
    }),
    revokeRoute(parts, {
      path: '/people/:id/revoke',
      summary: 'Revoke a person with all their keys; their votes on open questions count no more',
      permissions: ['identity:write'],
      params,
      answer: personView,
      what: 'principal',
      idOf: ({ id }) => id,
      show: (tx, { tenant }, { id }) => readPerson(tx, tenant, id),
    }),
  ];
}
