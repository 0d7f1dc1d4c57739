/**
 * The one table of what a credential may be allowed, and of the roles that carry it. `:own` covers only the jobs that its
 * principal submitted. Which route asks for which permission is `access.ts`.
 */
import { z } from 'zod';

export const PERMISSIONS = {
  submit: 'submit jobs',
  delegate: 'let another principal act on the own behalf, see and end it',
  simulate: 'ask what the policy would decide, without storing anything',
  explain: 'ask why the policy decides so',
  'policy:read': 'see the active policy and the published bundles',
  'policy:try': 'ask a policy that is not active: simulate, explain, replay on history, shadow',
  'policy:publish': 'publish signed bundles for the own tenant',
  'policy:activate': "make a published bundle the tenant's policy",
  'policy:global': 'publish and activate also for other tenants and for all of them',
  'jobs:read': "see state and evidence of every job of the tenant, never another's content",
  'jobs:read:own': 'see state, evidence and released result of own jobs',
  'results:read': 'read the released result of every job of the tenant',
  'kpis:read': "see the tenant's rates: denials, approvals, constraints, outputs, evidence",
  'evidence:read': "read and export the tenant's evidence, with proofs, and what concerns every tenant",
  'evidence:all': 'read and export the evidence of all tenants',
  cancel: 'cancel every job of the tenant, and revoke every bounded grant',
  'cancel:own': 'cancel own jobs',
  'jobs:follow': "take offers, undo, retry and discard, for every job of the tenant and in its agent's name",
  'approvals:read': 'see what waits for a countersignature, content included',
  'approvals:vote':
    'approve and reject, where the approval itself finds the person eligible, and revoke what the own group granted',
  'approvals:review': 'sign off runs that policy marks, and what one person granted alone',
  'quarantine:read': 'see which outputs are quarantined: types and places of findings, never content',
  'quarantine:review': "open, release and discard quarantined outputs of others' agents",
  'identity:read': "see the tenant's agents, people, groups and keys, their last use, and who was revoked",
  'identity:write': "create, change, rotate and revoke the tenant's agents, people, groups and keys",
  'entitlements:sign': 'sign off the review of rights that nobody used',
  'retention:read': 'see how long content is kept, what is under legal hold, and what was erased',
  'content:hold': 'put content under legal hold and lift it',
  'content:erase': 'set how long content is kept, and erase it; never who may lift a legal hold',
  'stops:read': 'see the stops that reach the tenant',
  'stops:write': 'set and lift stops inside the tenant',
  'stops:global': 'set and lift stops that reach every tenant',
  'webhooks:read': 'see where webhooks of the tenant go, and what became of each delivery',
  'webhooks:write': 'create and end webhooks of the tenant, and try dead deliveries again',
  'workers:read': 'see the workers of all pools, which serve several tenants',
  'workers:write': 'register and revoke workers, which get the jobs of every tenant of their pool',
  'tenants:read': 'see every tenant',
  'tenants:write': 'create tenants, each with its first admin',
} as const;
export type Permission = keyof typeof PERMISSIONS;

export const PERMISSION_NAMES = Object.keys(PERMISSIONS) as [Permission, ...Permission[]];
export const permission = z.enum(PERMISSION_NAMES);

/** They reach beyond one tenant, so only who holds one may give it on: none leaves the tenant of the first admin. */
export const SYSTEM_PERMISSIONS = [
  'policy:global',
  'evidence:all',
  'stops:global',
  'workers:read',
  'workers:write',
  'tenants:read',
  'tenants:write',
] as const satisfies readonly Permission[];

/** What a credential of each usual role carries; a key may carry any other selection. */
export const PERMISSION_SETS = {
  agent: ['submit', 'delegate', 'simulate', 'explain', 'jobs:read:own', 'cancel:own'],
  approver: [
    'delegate',
    'jobs:read',
    'explain',
    'policy:read',
    'approvals:read',
    'approvals:vote',
    'quarantine:read',
    'quarantine:review',
  ],
  /** Keeps the system running and stops it; decides nothing and changes nobody's rights. */
  operator: [
    'jobs:read',
    'jobs:follow',
    'cancel',
    'simulate',
    'explain',
    'policy:read',
    'approvals:read',
    'quarantine:read',
    'kpis:read',
    'identity:read',
    'stops:read',
    'stops:write',
    'webhooks:read',
    'retention:read',
  ],
  /** Writes and publishes; that it decides anything is another's to say. */
  policy_author: ['jobs:read', 'simulate', 'explain', 'policy:read', 'policy:try', 'policy:publish', 'kpis:read'],
  auditor: [
    'delegate',
    'jobs:read',
    'results:read',
    'evidence:read',
    'simulate',
    'explain',
    'policy:read',
    'policy:try',
    'approvals:read',
    'approvals:review',
    'quarantine:read',
    'kpis:read',
    'identity:read',
    'stops:read',
    'entitlements:sign',
    'webhooks:read',
    'retention:read',
    'content:hold',
  ],
  /** Whoever puts a policy in force does not vote on what it holds. */
  admin: [
    'delegate',
    'jobs:read',
    'results:read',
    'cancel',
    'simulate',
    'explain',
    'policy:read',
    'policy:try',
    'policy:publish',
    'policy:activate',
    'approvals:read',
    'approvals:review',
    'quarantine:read',
    'kpis:read',
    'identity:read',
    'identity:write',
    'entitlements:sign',
    'stops:read',
    'stops:write',
    'webhooks:read',
    'webhooks:write',
    'retention:read',
    'content:erase',
  ],
} as const satisfies Record<string, readonly Permission[]>;

export type Role = keyof typeof PERMISSION_SETS;
export const ROLES = Object.keys(PERMISSION_SETS) as [Role, ...Role[]];
export const role = z.enum(ROLES);

/** An agent asks for jobs. Whatever decides, governs or reads others' work is a person's. */
export const AGENT_PERMISSIONS: readonly Permission[] = [...PERMISSION_SETS.agent, 'policy:read'];

/** What no one person may hold, in one key or in several: who makes the rules or the people does not countersign. */
const APART: readonly Permission[] = ['policy:activate', 'policy:global', 'identity:write', 'tenants:write'];

/** Two permissions that must not meet in one person's hands, or null. Whoever may lift a legal hold does not erase, either. */
export function heldTogether(permissions: Iterable<string>): readonly [Permission, Permission] | null {
  const held = new Set(permissions);
  if (held.has('content:hold') && held.has('content:erase')) return ['content:hold', 'content:erase'];
  const other = APART.find((name) => held.has(name));
  return held.has('approvals:vote') && other !== undefined ? ['approvals:vote', other] : null;
}
