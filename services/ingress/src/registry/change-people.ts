/** Makes people and says which groups they are in. Nobody changes their own. */
import { CountersignError } from '@countersign/contracts/errors';
import type { newPerson, PersonView, personChange } from '@countersign/contracts/identity';
import { heldTogether } from '@countersign/contracts/permissions';
import type { Database, Tx } from '@countersign/platform/database';
import type { z } from 'zod';
import type { Caller } from '../caller.ts';
import { insertPrincipal } from '../store.ts';
import { changeRegistry, entryOf, mustExist } from './change-registry.ts';
import { refuseSelf } from './grant-rules.ts';
import { accountsOf, heldPermissions, liveGroups, readPerson, setGroups, setPerson } from './store-registry.ts';

type PersonChange = z.output<typeof personChange>;

/** Throws `identity_conflict`, `grant_refused`, `field_invalid` for a group or a person that does not exist. */
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
    const made = mustExist(await readPerson(tx, tenant, given.id));
    const entries = [entryOf(caller, 'identity_created', given.id, { what: 'principal', ...row })];
    const linked = await linkPerson(tx, caller, made, given.person);
    return { answer: linked.answer, entries: [...entries, ...linked.entries] };
  });
}

/** Throws `not_found`, `grant_refused`, `field_invalid`, `state_conflict`. */
export function changePerson(
  database: Database,
  caller: Caller,
  id: string,
  { groups, person }: PersonChange,
): Promise<PersonView> {
  return changeRegistry(database, caller, async (tx) => {
    const before = mustExist(await readPerson(tx, caller.tenant, id));
    await refuseSelf(tx, caller, id);
    const wanted = [...new Set(groups ?? before.groups)];
    if (groups !== undefined) await requireGroups(tx, caller.tenant, wanted);
    const moved = await moveMember(tx, caller, before, wanted);
    const linked = await linkPerson(tx, caller, moved.answer, person === undefined ? before.person : person);
    return { answer: linked.answer, entries: [...moved.entries, ...linked.entries] };
  });
}

export function personRow(tenant: string, id: string, groups: readonly string[]) {
  const none = { owner: null, ceiling: null, signing_key: null };
  return { id, tenant, type: 'human' as const, groups: [...new Set(groups)], ...none };
}

/**
 * Says whose account it is, too: votes of both count as one. What no human may hold together they do not hold by two
 * accounts either, and nobody says of themself that somebody else is not.
 */
async function linkPerson(tx: Tx, caller: Caller, before: PersonView, person: string | null) {
  if (before.person === person) return { answer: before, entries: [] };
  const at = { at: '/person' };
  const of = [...(await accountsOf(tx, before.id)), ...(person === null ? [] : await accountsOf(tx, person))];
  for (const account of of) await refuseSelf(tx, caller, account, '/person');
  if (person === before.id) throw new CountersignError('field_invalid', 'it is this account itself', at);
  if (person !== null && (await readPerson(tx, caller.tenant, person)) === undefined)
    throw new CountersignError('field_invalid', 'there is no such person', at);
  await setPerson(tx, before.id, person);
  const together = heldTogether(await heldPermissions(tx, before.id));
  if (together !== null) throw new CountersignError('grant_refused', `nobody holds both ${together.join(' and ')}`, at);
  const { id, tenant } = before;
  const details = { what: 'person', id, tenant, person, former_person: before.person };
  return { answer: { ...before, person }, entries: [entryOf(caller, 'identity_changed', id, details)] };
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
