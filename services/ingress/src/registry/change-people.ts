/** Makes people and says which groups they are in. Nobody changes their own. */
import { CountersignError } from '@countersign/contracts/errors';
import type { newPerson, PersonView } from '@countersign/contracts/identity';
import type { Database, Tx } from '@countersign/platform/database';
import type { z } from 'zod';
import type { Caller } from '../caller.ts';
import { insertPrincipal } from '../store.ts';
import { changeRegistry, entryOf, mustExist } from './change-registry.ts';
import { refuseSelf } from './grant-rules.ts';
import { liveGroups, readPerson, setGroups } from './store-registry.ts';

/** Throws `identity_conflict`, `field_invalid` for a group that does not exist. */
export function createPerson(
  database: Database,
  caller: Caller,
  given: z.output<typeof newPerson>,
): Promise<PersonView> {
  const { tenant } = caller;
  return changeRegistry(database, caller, async (tx) => {
    await requireGroups(tx, tenant, given.groups);
    const row = personRow(tenant, given.id, given.groups);
    if (!(await insertPrincipal(tx, row))) throw new CountersignError('identity_conflict', undefined, { at: '/id' });
    const answer = mustExist(await readPerson(tx, tenant, given.id));
    return { answer, entries: [entryOf(caller, 'identity_created', given.id, { what: 'principal', ...row })] };
  });
}

/** Throws `not_found`, `grant_refused`, `field_invalid`, `state_conflict`. */
export function changePerson(
  database: Database,
  caller: Caller,
  id: string,
  groups: readonly string[],
): Promise<PersonView> {
  return changeRegistry(database, caller, async (tx) => {
    const before = mustExist(await readPerson(tx, caller.tenant, id));
    refuseSelf(caller, id);
    const wanted = [...new Set(groups)];
    await requireGroups(tx, caller.tenant, wanted);
    return moveMember(tx, caller, before, wanted);
  });
}

export function personRow(tenant: string, id: string, groups: readonly string[]) {
  const none = { owner: null, ceiling: null, signing_key: null };
  return { id, tenant, type: 'human' as const, groups: [...new Set(groups)], ...none };
}

/** In a transaction of the registry: this person's groups, and the entry. */
export async function moveMember(tx: Tx, caller: Caller, before: PersonView, groups: readonly string[]) {
  if (before.revoked_at !== null) throw new CountersignError('state_conflict', `${before.id} was revoked`);
  if (before.groups.toSorted().join() === groups.toSorted().join()) return { answer: before, entries: [] };
  await setGroups(tx, before.id, groups);
  const { id, tenant } = before;
  const details = { what: 'person', id, tenant, groups, former_groups: before.groups };
  return { answer: { ...before, groups: [...groups] }, entries: [entryOf(caller, 'identity_changed', id, details)] };
}

/** A name that nobody made is a slip, and would ask nobody for a countersignature. */
async function requireGroups(tx: Tx, tenant: string, groups: readonly string[]): Promise<void> {
  const live = await liveGroups(tx, tenant, groups);
  const unknown = groups.findIndex((group) => !live.includes(group));
  if (unknown >= 0) throw new CountersignError('field_invalid', 'there is no such group', { at: `/groups/${unknown}` });
}
