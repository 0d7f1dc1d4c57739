/** `/groups`: the names that approvals ask for, and who is in them. */
import {
  groupChange,
  groupPage,
  newGroup,
  registryQuery,
  revocationRequest,
  shownGroup,
} from '@countersign/contracts/identity';
import { LIMITS } from '@countersign/contracts/limits';
import { token } from '@countersign/contracts/names';
import { z } from 'zod';
import { type Route, route } from '../route.ts';
import { changeGroup, createGroup, revokeGroup, showGroup } from './change-groups.ts';
import { mustExist } from './change-registry.ts';
import { pageOf } from './pages.ts';
import type { RegistryParts } from './revoke-routes.ts';
import { listGroups } from './store-registry.ts';

const params = z.strictObject({ group: token });

export function groupRoutes({ database }: RegistryParts): Route[] {
  return [
    route({
      method: 'get',
      path: '/groups',
      summary: 'List groups, by name',
      permissions: ['identity:read'],
      query: registryQuery,
      answers: { 200: { says: 'One page', schema: groupPage } },
      gives: async ({ caller: { tenant }, query }) => {
        const { rows, next_cursor } = await pageOf(
          query,
          (after, rows) => listGroups(database, { tenant, after, rows }),
          ({ group }) => group,
        );
        return { groups: rows, next_cursor };
      },
    }),
    route({
      method: 'post',
      path: '/groups',
      summary: 'Make a group, with its first members',
      permissions: ['identity:write'],
      body: { schema: newGroup, limit: LIMITS.request_bytes },
      answers: { 201: { says: 'The group', schema: shownGroup } },
      gives: ({ caller, body }) => createGroup(database, caller, body),
    }),
    route({
      method: 'get',
      path: '/groups/:group',
      summary: 'A group and who is in it',
      permissions: ['identity:read'],
      params,
      answers: { 200: { says: 'The group', schema: shownGroup } },
      gives: async ({ caller, params }) => mustExist(await showGroup(database, caller.tenant, params.group)),
    }),
    route({
      method: 'patch',
      path: '/groups/:group',
      summary: 'Put people into it and take them out; nobody themselves',
      permissions: ['identity:write'],
      params,
      body: { schema: groupChange, limit: LIMITS.request_bytes },
      answers: { 200: { says: 'The group as it is now', schema: shownGroup } },
      gives: ({ caller, params, body }) => changeGroup(database, caller, params.group, body),
    }),
    route({
      method: 'post',
      path: '/groups/:group/revoke',
      summary: 'End a group: everybody leaves it, until it is made anew',
      permissions: ['identity:write'],
      params,
      body: { schema: revocationRequest, limit: LIMITS.request_bytes },
      answers: { 200: { says: 'It has ended', schema: shownGroup } },
      gives: ({ caller, params, body }) => revokeGroup(database, caller, params.group, body.reason),
    }),
  ];
}
