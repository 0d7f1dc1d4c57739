/** Makes a tenant with its first admin, who then does the rest: nobody of another tenant reaches into it. */
import { CountersignError } from '@countersign/contracts/errors';
import type { MadeTenant, newTenant } from '@countersign/contracts/identity';
import { LIMITS } from '@countersign/contracts/limits';
import { PERMISSION_SETS } from '@countersign/contracts/permissions';
import type { Database } from '@countersign/platform/database';
import type { z } from 'zod';
import type { Caller } from '../caller.ts';
import { insertPrincipal, insertTenant } from '../store.ts';
import { issueKey } from './change-keys.ts';
import { personRow } from './change-people.ts';
import { changeRegistry, entryOf, mustExist } from './change-registry.ts';
import { readPerson, readTenant } from './store-registry.ts';

/** The admin's key carries no permission that reaches beyond the tenant. Throws `identity_conflict`. */
export function createTenant(
  database: Database,
  caller: Caller,
  { tenant, admin }: z.output<typeof newTenant>,
): Promise<MadeTenant> {
  return changeRegistry(database, caller, async (tx) => {
    if (!(await insertTenant(tx, tenant)))
      throw new CountersignError('identity_conflict', undefined, { at: '/tenant' });
    const row = personRow(tenant, admin, []);
    if (!(await insertPrincipal(tx, row))) throw new CountersignError('identity_conflict', undefined, { at: '/admin' });
    const permissions = PERMISSION_SETS.admin;
    const expires_in_days = LIMITS.default_key_days;
    const key = await issueKey(tx, caller, { principal: admin, tenant, permissions, expires_in_days });
    const entries = [
      entryOf(caller, 'identity_created', tenant, { what: 'tenant', tenant }),
      entryOf(caller, 'identity_created', admin, { what: 'principal', ...row }),
      ...key.entries,
    ];
    const shown = {
      tenant: mustExist(await readTenant(tx, tenant)),
      admin: mustExist(await readPerson(tx, tenant, admin)),
    };
    return { answer: { ...shown, key: key.answer }, entries };
  });
}
