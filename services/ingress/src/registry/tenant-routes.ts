/** `/tenants`: to who sees only the own tenant, no other one exists. */
import { madeTenant, newTenant, registryQuery, tenantPage, tenantView } from '@countersign/contracts/identity';
import { LIMITS } from '@countersign/contracts/limits';
import { tenantName } from '@countersign/contracts/names';
import { z } from 'zod';
import type { Caller } from '../caller.ts';
import { type Route, route } from '../route.ts';
import { mustExist } from './change-registry.ts';
import { createTenant } from './change-tenants.ts';
import { pageOf } from './pages.ts';
import type { RegistryParts } from './revoke-routes.ts';
import { listTenants, readTenant } from './store-registry.ts';

const params = z.strictObject({ tenant: tenantName });

export function tenantRoutes({ database }: RegistryParts): Route[] {
  return [
    route({
      method: 'get',
      path: '/tenants',
      summary: 'List tenants, by name: the own one, or all for who may see them',
      permissions: ['identity:read', 'tenants:read'],
      query: registryQuery,
      answers: { 200: { says: 'One page', schema: tenantPage } },
      gives: async ({ caller, query }) => {
        const { rows, next_cursor } = await pageOf(
          query,
          async (after, rows) => {
            if (seesAll(caller)) return listTenants(database, after, rows);
            const own = mustExist(await readTenant(database, caller.tenant));
            return own.tenant > after ? [own] : [];
          },
          ({ tenant }) => tenant,
        );
        return { tenants: rows, next_cursor };
      },
    }),
    route({
      method: 'post',
      path: '/tenants',
      summary: 'Make a tenant with its first admin, whose key is shown once',
      permissions: ['tenants:write'],
      body: { schema: newTenant, limit: LIMITS.request_bytes },
      answers: { 201: { says: 'The tenant, its admin and the key', schema: madeTenant } },
      gives: ({ caller, body }) => createTenant(database, caller, body),
    }),
    route({
      method: 'get',
      path: '/tenants/:tenant',
      summary: 'A tenant',
      permissions: ['identity:read', 'tenants:read'],
      params,
      answers: { 200: { says: 'The tenant', schema: tenantView } },
      gives: async ({ caller, params }) => {
        const isOwn = params.tenant === caller.tenant;
        const found = isOwn || seesAll(caller) ? await readTenant(database, params.tenant) : undefined;
        return mustExist(found);
      },
    }),
  ];
}

function seesAll(caller: Caller): boolean {
  return caller.permissions.has('tenants:read');
}
