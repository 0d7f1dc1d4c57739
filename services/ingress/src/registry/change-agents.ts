/** Makes and changes agents: owner, ceiling, signing key. A narrower ceiling binds what already waits as well. */
import { CountersignError } from '@countersign/contracts/errors';
import type { AgentView, agentChange, newAgent } from '@countersign/contracts/identity';
import type { Database, Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import type { z } from 'zod';
import type { Caller } from '../caller.ts';
import { refusing } from '../revoke-identity.ts';
import { insertPrincipal } from '../store.ts';
import { changeControl, changeRegistry, entryOf, mustExist } from './change-registry.ts';
import { changeCeiling, readAgent, readPerson, setOwner, setSigningKey } from './store-registry.ts';
import { isKeyTaken } from './store-signing-keys.ts';

/** Throws `identity_conflict`, `field_invalid` for an owner who is no person of the tenant. */
export function createAgent(database: Database, caller: Caller, given: z.output<typeof newAgent>): Promise<AgentView> {
  const { tenant } = caller;
  return changeRegistry(database, caller, async (tx) => {
    await requireOwner(tx, tenant, given.owner);
    const row = { ...given, tenant, type: 'agent' as const, groups: [] };
    if (!(await insertPrincipal(tx, row))) throw new CountersignError('identity_conflict', undefined, { at: '/id' });
    const answer = mustExist(await readAgent(tx, tenant, given.id));
    return { answer, entries: [entryOf(caller, 'identity_created', given.id, { what: 'principal', ...row })] };
  });
}

/** Throws `not_found`, `field_invalid`, `state_conflict`. What is given as it was changes nothing and leaves no entry. */
export function changeAgent(
  database: Database,
  caller: Caller,
  id: string,
  change: z.output<typeof agentChange>,
): Promise<AgentView> {
  const { ceiling } = change;
  if (ceiling === undefined) return changeRegistry(database, caller, (tx) => changeRow(tx, caller, id, change));
  return changeControl(database, caller, async (tx, by) => {
    mustExist(await readAgent(tx, caller.tenant, id));
    await refusing(changeCeiling(tx, id, ceiling, by));
    const { entries } = await changeRow(tx, caller, id, change);
    await append(tx, entries);
    return mustExist(await readAgent(tx, caller.tenant, id));
  });
}

/** An owner answers for the agent and may not approve what it asks for. */
async function requireOwner(tx: Tx, tenant: string, owner: string): Promise<void> {
  const person = await readPerson(tx, tenant, owner);
  if (person === undefined || person.revoked_at !== null)
    throw new CountersignError('field_invalid', 'the owner must be a person of the tenant', { at: '/owner' });
}

/** Everything but the ceiling, which goes through `control`. */
async function changeRow(tx: Tx, caller: Caller, id: string, change: z.output<typeof agentChange>) {
  const { tenant } = caller;
  const before = mustExist(await readAgent(tx, tenant, id));
  if (before.revoked_at !== null) throw new CountersignError('state_conflict', 'the agent was revoked');
  const owner = change.owner ?? before.owner;
  const signing_key = change.signing_key === undefined ? before.signing_key : change.signing_key;
  if (owner === before.owner && signing_key === before.signing_key) return { answer: before, entries: [] };
  if (owner !== before.owner) {
    await requireOwner(tx, tenant, owner);
    await setOwner(tx, id, owner);
  }
  if (signing_key !== before.signing_key) {
    if (signing_key !== null && (await isKeyTaken(tx, 'principals', signing_key)))
      throw new CountersignError('identity_conflict', 'the key is, or was, in use', { at: '/signing_key' });
    await setSigningKey(tx, id, signing_key);
  }
  const former = { former_owner: before.owner, former_signing_key: before.signing_key };
  const details = { what: 'agent', id, tenant, owner, signing_key, ...former };
  const answer = mustExist(await readAgent(tx, tenant, id));
  return { answer, entries: [entryOf(caller, 'identity_changed', id, details)] };
}
