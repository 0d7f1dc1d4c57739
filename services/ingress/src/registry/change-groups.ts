/** Makes groups, moves people in and out of them, and ends them. Who is in a group stands with the person alone. */
import { CountersignError } from '@countersign/contracts/errors';
import type { groupChange, newGroup, ShownGroup } from '@countersign/contracts/identity';
import type { NewEntry } from '@countersign/contracts/ledger-entry';
import type { Database, Tx } from '@countersign/platform/database';
import type { z } from 'zod';
import type { Caller } from '../caller.ts';
import { insertGroup } from '../store.ts';
import { moveMember } from './change-people.ts';
import { changeRegistry, entryOf, mustExist } from './change-registry.ts';
import { refuseSelf } from './grant-rules.ts';
import { endGroup, membersOf, readGroup, readPerson } from './store-registry.ts';

type Moves = { add: readonly string[]; remove: readonly string[] };

/** Throws `identity_conflict` while it lives, `field_invalid` for a member who is no person of the tenant. */
export function createGroup(
  database: Database,
  caller: Caller,
  { group, members }: z.output<typeof newGroup>,
): Promise<ShownGroup> {
  const { tenant } = caller;
  return changeRegistry(database, caller, async (tx) => {
    if (!(await insertGroup(tx, tenant, group)))
      throw new CountersignError('identity_conflict', undefined, { at: '/group' });
    const made = entryOf(caller, 'identity_created', tenant, { what: 'group', group, tenant });
    const moved = await move(tx, caller, group, { add: members, remove: [] }, '/members');
    return { answer: mustExist(await showGroup(tx, tenant, group)), entries: [made, ...moved] };
  });
}

/** Throws `not_found`, `grant_refused`, `field_invalid`, `state_conflict`. */
export function changeGroup(
  database: Database,
  caller: Caller,
  group: string,
  change: z.output<typeof groupChange>,
): Promise<ShownGroup> {
  return changeRegistry(database, caller, async (tx) => {
    const before = mustExist(await readGroup(tx, caller.tenant, group));
    if (before.ended_at !== null) throw new CountersignError('state_conflict', 'the group has ended');
    const entries = await move(tx, caller, group, change, '/add');
    return { answer: mustExist(await showGroup(tx, caller.tenant, group)), entries };
  });
}

/** Everybody leaves it, and nobody can be put into it again until it is made anew. */
export function revokeGroup(database: Database, caller: Caller, group: string, reason: string): Promise<ShownGroup> {
  const { tenant } = caller;
  return changeRegistry(database, caller, async (tx) => {
    const before = mustExist(await readGroup(tx, tenant, group));
    const entries: NewEntry[] = [];
    for (const { id } of await membersOf(tx, tenant, group)) entries.push(...(await leave(tx, caller, group, id)));
    if (before.ended_at === null) {
      await endGroup(tx, tenant, group);
      entries.push(entryOf(caller, 'identity_changed', tenant, { what: 'group', group, tenant, ended: true, reason }));
    }
    return { answer: mustExist(await showGroup(tx, tenant, group)), entries };
  });
}

export async function showGroup(tx: Tx, tenant: string, group: string): Promise<ShownGroup | undefined> {
  const found = await readGroup(tx, tenant, group);
  return found && { ...found, members: (await membersOf(tx, tenant, group)).map(({ id }) => id) };
}

async function move(tx: Tx, caller: Caller, group: string, { add, remove }: Moves, at: string): Promise<NewEntry[]> {
  const entries: NewEntry[] = [];
  for (const id of [...new Set(remove)]) entries.push(...(await leave(tx, caller, group, id)));
  for (const [i, id] of add.entries()) {
    await refuseSelf(tx, caller, id, `${at}/${i}`);
    const person = await readPerson(tx, caller.tenant, id);
    if (person === undefined)
      throw new CountersignError('field_invalid', 'there is no such person', { at: `${at}/${i}` });
    const groups = [...new Set([...person.groups, group])];
    entries.push(...(await moveMember(tx, caller, person, groups)).entries);
  }
  return entries;
}

async function leave(tx: Tx, caller: Caller, group: string, id: string): Promise<NewEntry[]> {
  const person = await readPerson(tx, caller.tenant, id);
  if (person === undefined) throw new CountersignError('field_invalid', 'there is no such person', { at: '/remove' });
  const groups = person.groups.filter((name) => name !== group);
  return (await moveMember(tx, caller, person, groups)).entries;
}
