/** Makes, narrows and rotates API keys. The key itself is in the answer once; here and everywhere else is its SHA-256. */
import { CountersignError } from '@countersign/contracts/errors';
import type { KeyView, keyChange, keyRotation, MadeKey, newKey, RotatedKey } from '@countersign/contracts/identity';
import type { NewEntry } from '@countersign/contracts/ledger-entry';
import type { Permission } from '@countersign/contracts/permissions';
import type { Database, Tx } from '@countersign/platform/database';
import type { z } from 'zod';
import { hashApiKey, keyIdOf, newApiKey } from '../api-key.ts';
import type { Caller } from '../caller.ts';
import { insertKey } from '../store.ts';
import { changeRegistry, entryOf, mustExist } from './change-registry.ts';
import { permissionsOf, refuseGrant, refuseSelf } from './grant-rules.ts';
import { endKeyIn, heldPermissions, readAgent, readKey, readPerson, setPermissions } from './store-registry.ts';

type Issue = { principal: string; tenant: string; permissions: readonly Permission[]; expires_in_days: number };

/** Throws `field_invalid` for a principal that the tenant does not have, `grant_refused`, `state_conflict`. */
export function createKey(database: Database, caller: Caller, given: z.output<typeof newKey>): Promise<MadeKey> {
  return changeRegistry(database, caller, async (tx) => {
    const type = await typeOf(tx, caller.tenant, given.principal);
    await refuseSelf(tx, caller, given.principal, '/principal');
    const permissions = permissionsOf(given.role, given.permissions);
    refuseGrant(caller, type, permissions, await heldPermissions(tx, given.principal));
    return issueKey(tx, caller, { ...given, permissions, tenant: caller.tenant });
  });
}

/** Only ever less. Throws `not_found`, `grant_refused` for more, `state_conflict`. */
export function changeKey(
  database: Database,
  caller: Caller,
  key_id: string,
  { permissions, expires_in_minutes }: z.output<typeof keyChange>,
): Promise<KeyView> {
  return changeRegistry(database, caller, async (tx) => {
    const before = await liveKey(tx, caller.tenant, key_id);
    const more = permissions?.find((name) => !before.permissions.includes(name));
    if (more !== undefined)
      throw new CountersignError('grant_refused', `the key does not carry ${more}; make another one`, {
        at: '/permissions',
      });
    if (permissions !== undefined) await setPermissions(tx, key_id, [...new Set(permissions)]);
    if (expires_in_minutes !== undefined) await endKeyIn(tx, key_id, expires_in_minutes);
    return changedKey(tx, caller, before, {});
  });
}

/** The same rights under a new secret; the old one goes on for the overlap. Throws `not_found`, `grant_refused`, `state_conflict`. */
export function rotateKey(
  database: Database,
  caller: Caller,
  key_id: string,
  { overlap_minutes, expires_in_days }: z.output<typeof keyRotation>,
): Promise<RotatedKey> {
  return changeRegistry(database, caller, async (tx) => {
    const before = await liveKey(tx, caller.tenant, key_id);
    const { principal, tenant } = before;
    const permissions = before.permissions as Permission[];
    refuseRotation(caller, principal, permissions);
    await typeOf(tx, tenant, principal);
    const made = await issueKey(tx, caller, { principal, tenant, permissions, expires_in_days });
    await endKeyIn(tx, key_id, overlap_minutes);
    const replaced = await changedKey(tx, caller, before, { replaced_by: made.answer.key_id });
    return {
      answer: { made: made.answer, replaced: replaced.answer },
      entries: [...made.entries, ...replaced.entries],
    };
  });
}

/** In a transaction of the registry. */
export async function issueKey(
  tx: Tx,
  caller: Caller,
  { principal, tenant, permissions, expires_in_days: days }: Issue,
): Promise<{ answer: MadeKey; entries: NewEntry[] }> {
  const key = newApiKey();
  const key_sha256 = hashApiKey(key);
  const key_id = keyIdOf(key_sha256);
  await insertKey(tx, { key_id, key_sha256, principal, permissions, expires_at: null, days });
  const shown = mustExist(await readKey(tx, tenant, key_id));
  const { expires_at } = shown;
  const details = { what: 'api_key', key_id, principal, tenant, permissions, expires_at };
  return { answer: { ...shown, key }, entries: [entryOf(caller, 'identity_created', principal, details)] };
}

async function typeOf(tx: Tx, tenant: string, principal: string): Promise<'agent' | 'human'> {
  const agent = await readAgent(tx, tenant, principal);
  const found = agent ?? (await readPerson(tx, tenant, principal));
  if (found === undefined)
    throw new CountersignError('field_invalid', 'there is no such principal', { at: '/principal' });
  if (found.revoked_at !== null) throw new CountersignError('state_conflict', 'the principal was revoked');
  return agent === undefined ? 'human' : 'agent';
}

async function liveKey(tx: Tx, tenant: string, key_id: string): Promise<KeyView> {
  const found = mustExist(await readKey(tx, tenant, key_id));
  if (found.revoked_at !== null) throw new CountersignError('state_conflict', 'the key was revoked');
  if (found.ended) throw new CountersignError('state_conflict', 'the key has expired');
  return found;
}

async function changedKey(tx: Tx, caller: Caller, before: KeyView, more: { replaced_by?: string }) {
  const { key_id, tenant, principal } = before;
  const answer = mustExist(await readKey(tx, tenant, key_id));
  const { permissions, expires_at } = answer;
  const former = { former_permissions: before.permissions, former_expires_at: before.expires_at };
  const details = { what: 'api_key', key_id, tenant, principal, permissions, expires_at, ...former, ...more };
  return { answer, entries: [entryOf(caller, 'identity_changed', principal, details)] };
}

/** A new secret is as good as the right itself: nobody gets one with which they could do more than before. */
function refuseRotation(caller: Caller, principal: string, permissions: readonly Permission[]): void {
  const more = caller.id === principal ? permissions.find((name) => !caller.permissions.has(name)) : undefined;
  if (more !== undefined) throw new CountersignError('grant_refused', `this credential does not carry ${more} itself`);
  refuseGrant(caller, 'human', permissions, []);
}
