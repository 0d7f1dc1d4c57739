/**
 * Registers tenants, principals, API keys and workers together with their evidence. What exists already stays as it
 * is: an identity is revoked and made anew, never rewritten. A key itself is hashed here and goes no further.
 */
import { ceiling } from '@countersign/contracts/job';
import type { NewEntry } from '@countersign/contracts/ledger-entry';
import { instant, principalId, tenantName, token } from '@countersign/contracts/names';
import { permission } from '@countersign/contracts/permissions';
import type { Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import { z } from 'zod';
import { hashApiKey, isApiKey, keyIdOf } from './api-key.ts';
import { insertKey, insertPrincipal, insertTenant, insertWorker } from './store.ts';
import { insertBusUser } from './store-bus.ts';

const publicKey = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be a raw Ed25519 public key in base64url');

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
  permissions: z.array(permission).min(1),
  expires_at: instant.optional(),
});
const nkey = z.string().regex(/^U[A-Z2-7]{55}$/, 'must be the public nkey of a NATS user');
/** `bus_key`: by which it is let into NATS; without one it is registered and cannot connect. */
const worker = z.strictObject({
  worker: token,
  pool: token,
  public_key: publicKey,
  bus_key: nkey.nullable().default(null),
});
/** Of a tenant. `principal`: who holds the key alone; it ends with this principal. */
const busUser = z.strictObject({
  kind: z.enum(['agent', 'auditor']),
  tenant: tenantName,
  nkey,
  principal: principalId.nullable().default(null),
});

export const identities = z.strictObject({
  tenants: z.array(tenantName).default([]),
  principals: z.array(z.discriminatedUnion('type', [human, agent])).default([]),
  api_keys: z.array(key).default([]),
  workers: z.array(worker).default([]),
  bus_users: z.array(busUser).default([]),
});
export type Identities = z.input<typeof identities>;
type Parsed = z.output<typeof identities>;

const created = (id: string, tenant: string | null, what: object): NewEntry => ({
  chain: `identity:${id}`,
  kind: 'identity_created',
  tenant,
  topic: null,
  body: { tenant, auth_method: 'database', ...what },
});

const addPrincipal = async (tx: Tx, principal: Parsed['principals'][number]): Promise<NewEntry[]> => {
  const row = { owner: null, groups: [], ceiling: null, signing_key: null, ...principal };
  const isNew = await insertPrincipal(tx, row);
  return isNew ? [created(row.id, row.tenant, { what: 'principal', ...row })] : [];
};

const addKey = async (tx: Tx, given: Parsed['api_keys'][number], tenant: string | null): Promise<NewEntry[]> => {
  const { principal, permissions, expires_at = null } = given;
  const key_sha256 = hashApiKey(given.key);
  const key_id = keyIdOf(key_sha256);
  const isNew = await insertKey(tx, { key_id, key_sha256, principal, permissions, expires_at });
  return isNew ? [created(principal, tenant, { what: 'api_key', key_id, principal, permissions, expires_at })] : [];
};

/** In a transaction of role `countersign_ingress`. Throws ZodError for a wrong shape; the ledger is its last write. */
export const registerIdentities = async (tx: Tx, given: Identities): Promise<void> => {
  const { tenants, principals, api_keys, workers, bus_users } = identities.parse(given);
  const entries: NewEntry[] = [];
  for (const tenant of tenants)
    if (await insertTenant(tx, tenant)) entries.push(created(tenant, tenant, { what: 'tenant' }));
  // Owners first: an agent refers to its owner.
  const inOrder = [...principals].sort((a, b) => b.type.localeCompare(a.type));
  for (const principal of inOrder) entries.push(...(await addPrincipal(tx, principal)));
  const tenantOf = new Map(principals.map((principal) => [principal.id, principal.tenant]));
  for (const each of api_keys) entries.push(...(await addKey(tx, each, tenantOf.get(each.principal) ?? null)));
  for (const each of workers)
    if (await insertWorker(tx, each)) entries.push(created(each.worker, null, { what: 'worker', ...each }));
  for (const each of bus_users)
    if (await insertBusUser(tx, each))
      entries.push(created(each.principal ?? each.tenant, each.tenant, { what: 'bus_user', ...each }));
  await append(tx, entries);
};
