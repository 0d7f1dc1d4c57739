/** The one table of what a credential may be allowed. `:own` covers only the jobs that its principal submitted. */
import { z } from 'zod';

export const PERMISSIONS = {
  submit: 'submit jobs',
  simulate: 'ask what the policy would decide, without storing anything',
  explain: 'ask why the policy decides so',
  'policy:read': 'see the active policy',
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
  admin: ['jobs:read', 'results:read', 'cancel', 'simulate', 'explain', 'policy:read', 'approvals:read'],
  auditor: ['jobs:read', 'results:read', 'simulate', 'explain', 'policy:read', 'approvals:read'],
} as const satisfies Record<string, readonly Permission[]>;
