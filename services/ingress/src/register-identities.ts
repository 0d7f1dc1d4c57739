/**
 * Registers tenants, principals, API keys and workers together with their evidence. What exists already stays as it is:
 * an identity is revoked and made anew, never rewritten. Only a worker from before there were keys for the bus is given
 * its one. A key itself is hashed here and goes no further.
 */
import { busKey, publicKey } from '@countersign/contracts/identity';
import { ceiling } from '@countersign/contracts/job';
import type { NewEntry } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import { instant, principalId, tenantName, token } from '@countersign/contracts/names';
import { heldTogether, permission } from '@countersign/contracts/permissions';
import type { Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import { z } from 'zod';
import { hashApiKey, isApiKey, keyIdOf } from './api-key.ts';
import { giveBusKey, insertGroup, insertKey, insertPrincipal, insertTenant, insertWorker } from './store.ts';
import { insertBusUser } from './store-bus.ts';

const human = z.strictObject({
  type: z.literal('human'),
  id: principalId,
  tenant: tenantName,
  groups: z.array(token).max(100),
});
const agent = z.strictObject({
  type: z.literal('agent'),
  id: principalId,
  tenant: tenantName,
  owner: principalId,
  ceiling,
  signing_key: publicKey.nullable(),
});
const key = z.strictObject({
  principal: principalId,
  key: z.string().refine(isApiKey, 'must be cs_ and 43 base64url characters'),
  permissions: z
    .array(permission)
    .min(1)
    .refine((held) => heldTogether(held) === null, 'must not be held together'),
  /** `default_key_days` from now when left out; null for a key that never ends, as a development system has them. */
  expires_at: instant.nullable().optional(),
});
const worker = z.strictObject({
  worker: token,
  pool: token,
  public_key: publicKey,
  bus_key: busKey.nullable().default(null),
});
/** Of a tenant. `principal`: who holds the key alone; it ends with this principal. */
const busUser = z.strictObject({
  kind: z.enum(['agent', 'auditor']),
  tenant: tenantName,
  nkey: busKey,
  principal: principalId.nullable().default(null),
});

const identities = z.strictObject({
  tenants: z.array(tenantName).default([]),
  principals: z.array(z.discriminatedUnion('type', [human, agent])).default([]),
  api_keys: z.array(key).default([]),
  workers: z.array(worker).default([]),
  bus_users: z.array(busUser).default([]),
});
export type Identities = z.input<typeof identities>;
type Parsed = z.output<typeof identities>;

/** In a transaction of role `countersign_ingress`. Throws ZodError for a wrong shape; the ledger is its last write. */
export async function registerIdentities(tx: Tx, given: Identities): Promise<void> {
  const { tenants, principals, api_keys, workers, bus_users } = identities.parse(given);
  const entries: NewEntry[] = [];
  for (const tenant of tenants)
    if (await insertTenant(tx, tenant)) entries.push(created(tenant, tenant, { what: 'tenant' }));
  // Owners first: an agent refers to its owner.
  const inOrder = [...principals].sort((a, b) => b.type.localeCompare(a.type));
  for (const principal of inOrder) entries.push(...(await addPrincipal(tx, principal)));
  const tenantOf = new Map(principals.map((principal) => [principal.id, principal.tenant]));
  for (const each of api_keys) entries.push(...(await addKey(tx, each, tenantOf.get(each.principal) ?? null)));
  for (const each of workers) {
    if (await insertWorker(tx, each)) entries.push(created(each.worker, null, { what: 'worker', ...each }));
    else if (await giveBusKey(tx, each))
      entries.push({ ...created(each.worker, null, { what: 'worker', ...each }), kind: 'identity_changed' });
  }
  for (const each of bus_users)
    if (await insertBusUser(tx, each))
      entries.push(created(each.principal ?? each.tenant, each.tenant, { what: 'bus_user', ...each }));
  await append(tx, entries);
}

function created(id: string, tenant: string | null, what: object): NewEntry {
  return {
    chain: `identity:${id}`,
    kind: 'identity_created',
    tenant,
    topic: null,
    body: { tenant, auth_method: 'database', ...what },
  };
}

async function addPrincipal(tx: Tx, principal: Parsed['principals'][number]): Promise<NewEntry[]> {
  const row = { owner: null, groups: [], ceiling: null, signing_key: null, ...principal };
  if (!(await insertPrincipal(tx, row))) return [];
  const entries = [created(row.id, row.tenant, { what: 'principal', ...row })];
  for (const group of row.groups)
    if (await insertGroup(tx, row.tenant, group))
      entries.push(created(row.tenant, row.tenant, { what: 'group', group }));
  return entries;
}

async function addKey(tx: Tx, given: Parsed['api_keys'][number], tenant: string | null): Promise<NewEntry[]> {
  const { principal, permissions, expires_at = null } = given;
  const key_sha256 = hashApiKey(given.key);
  const key_id = keyIdOf(key_sha256);
  const days = given.expires_at === undefined ? LIMITS.default_key_days : null;
  const made = await insertKey(tx, { key_id, key_sha256, principal, permissions, expires_at, days });
  return made ? [created(principal, tenant, { what: 'api_key', key_id, principal, permissions, ...made })] : [];
}
