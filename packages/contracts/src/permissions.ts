/** The one table of what a credential may be allowed. `:own` covers only the jobs that its principal submitted. */
import { z } from 'zod';

export const PERMISSIONS = {
  submit: 'submit jobs',
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
  cancel: 'cancel every job of the tenant',
  'cancel:own': 'cancel own jobs',
  'approvals:read': 'see what waits for a countersignature, content included',
  'approvals:vote': 'approve and reject, where the approval itself finds the person eligible',
} as const;
export type Permission = keyof typeof PERMISSIONS;

export const PERMISSION_NAMES = Object.keys(PERMISSIONS) as [Permission, ...Permission[]];
export const permission = z.enum(PERMISSION_NAMES);

/** What a credential of each usual role carries; a key may carry any other selection. */
export const PERMISSION_SETS = {
  agent: ['submit', 'simulate', 'explain', 'jobs:read:own', 'cancel:own'],
  approver: ['jobs:read', 'explain', 'policy:read', 'approvals:read', 'approvals:vote'],
  /** Whoever puts a policy in force does not vote on what it holds. */
  admin: [
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
  ],
  auditor: ['jobs:read', 'results:read', 'simulate', 'explain', 'policy:read', 'policy:try', 'approvals:read'],
} as const satisfies Record<string, readonly Permission[]>;
