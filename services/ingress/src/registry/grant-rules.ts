/**
 * Who may give what to whom. Nobody changes their own rights: an admin who could would be every role at once. What reaches
 * beyond a tenant is given only by who holds it, what decides or governs is never an agent's, and who makes rules or
 * identities does not countersign. That an admin can invent a person is not prevented here; it is evidence.
 */
import { CountersignError } from '@countersign/contracts/errors';
import {
  AGENT_PERMISSIONS,
  heldTogether,
  PERMISSION_SETS,
  type Permission,
  type Role,
  SYSTEM_PERMISSIONS,
} from '@countersign/contracts/permissions';
import type { Tx } from '@countersign/platform/database';
import type { Caller } from '../caller.ts';
import { accountsOf } from './store-registry.ts';

/** Throws `grant_refused` when the change is one to the caller itself, by whichever account of the same human. */
export async function refuseSelf(tx: Tx, caller: Caller, id: string, at?: string): Promise<void> {
  if (caller.id === id || (await accountsOf(tx, caller.id)).includes(id))
    throw new CountersignError('grant_refused', 'nobody changes their own rights', { at });
}

/** What a role and single permissions come to, in the order of the table. */
export function permissionsOf(role: Role | undefined, more: readonly Permission[] = []): Permission[] {
  return [...new Set<Permission>([...(role === undefined ? [] : PERMISSION_SETS[role]), ...more])];
}

/** `held`: what other keys of the same principal carry. Throws `grant_refused`. */
export function refuseGrant(
  caller: Caller,
  type: 'agent' | 'human',
  permissions: readonly Permission[],
  held: readonly string[],
): void {
  const at = '/permissions';
  const beyond = permissions.find((name) => isSystem(name) && !caller.permissions.has(name));
  if (beyond !== undefined) throw new CountersignError('grant_refused', `only who holds ${beyond} may give it`, { at });
  const unfit = type === 'agent' ? permissions.find((name) => !AGENT_PERMISSIONS.includes(name)) : undefined;
  if (unfit !== undefined) throw new CountersignError('grant_refused', `an agent may not hold ${unfit}`, { at });
  const together = heldTogether([...permissions, ...held]);
  if (together !== null)
    throw new CountersignError('grant_refused', `nobody holds both ${together.join(' and ')}`, { at });
}

function isSystem(name: Permission): boolean {
  return (SYSTEM_PERMISSIONS as readonly Permission[]).includes(name);
}
