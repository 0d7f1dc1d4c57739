/** Who is let into NATS by the registry, for how long, and who is not: the real server asks the real ingress. */
import { generateKeyPairSync } from 'node:crypto';
import { ACCOUNT_SLOTS } from '@countersign/contracts/bus-accounts';
import type { BusUser } from '@countersign/contracts/bus-users';
import { LIMITS } from '@countersign/contracts/limits';
import { waitUntil } from '@countersign/infra/wait-until';
import { registerIdentities } from '@countersign/ingress/register-identities';
import { type Revocation, revokeIdentity } from '@countersign/ingress/revoke-identity';
import { connectDatabase, type Database } from '@countersign/platform/database';
import { createNatsKey, type NatsKey, nkeySigner } from '@countersign/platform/nats-key';
import { connect, nkeyAuthenticator } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeOf } from '../../harness/code-of.ts';
import { isLetIn, type Knocking, knock, knockWith } from '../../harness/knock-on-bus.ts';
import { type RunningIngress, runIngress, TENANT } from './run-ingress.ts';

let ingress: RunningIngress;
let own: Database;
beforeAll(async () => {
  ingress = await runIngress();
  own = connectDatabase({ url: ingress.database_url, pool: 1, name: 'test' });
});
afterAll(async () => {
  await own?.close();
  await ingress[Symbol.asyncDispose]();
});

function url(): string {
  return ingress.nats.server.url;
}

function open(key: NatsKey): Promise<Knocking> {
  return knock(url(), key);
}

function isIn(key: NatsKey): Promise<boolean> {
  return isLetIn(url(), key);
}

function publicKey(): string {
  return generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x!;
}

function revoke(what: Revocation['what'], id: string) {
  return own.transaction((tx) => revokeIdentity(tx, { what, id, reason: 'tried by a test', by_key: null }));
}

async function counted(outcome: string): Promise<number> {
  const text = await (await fetch(`${ingress.health_url}/metrics`)).text();
  return Number(new RegExp(`bus_connections_total\\{[^}]*outcome="${outcome}"[^}]*\\} (\\d+)`).exec(text)?.[1] ?? 0);
}

async function register(what: Parameters<typeof registerIdentities>[1]): Promise<void> {
  return own.transaction((tx) => registerIdentities(tx, what));
}
let made = 0;

async function newWorker(): Promise<{ id: string; key: NatsKey; user: BusUser }> {
  made += 1;
  const [pool, worker, key] = ['weather', `w${made}`, createNatsKey()];
  await register({ workers: [{ pool, worker, public_key: publicKey(), bus_key: key.nkey_public }] });
  return { id: `${pool}/${worker}`, key, user: { kind: 'worker', pool, worker } };
}

test('a worker from before there were keys for the bus is given its one, once, with its entry', async () => {
  const [pool, worker, public_key] = ['weather', 'from-before', publicKey()];
  const [key, other] = [createNatsKey(), createNatsKey()];
  await register({ workers: [{ pool, worker, public_key, bus_key: null }] });
  await register({ workers: [{ pool, worker, public_key: publicKey(), bus_key: key.nkey_public }] });
  expect(await isIn(key)).toBe(false);
  for (const bus_key of [key.nkey_public, key.nkey_public, other.nkey_public, null])
    await register({ workers: [{ pool, worker, public_key, bus_key }] });
  expect([await isIn(key), await isIn(other)]).toEqual([true, false]);
  const change = own.query('UPDATE identity.workers SET bus_key = $1 WHERE worker = $2', [other.nkey_public, worker]);
  await expect(change).rejects.toThrow();
  const entries = await ingress.admin.query('SELECT kind FROM ledger.entries WHERE chain = $1 ORDER BY seq', [
    `identity:${worker}`,
  ]);
  expect(entries).toEqual([{ kind: 'identity_created' }, { kind: 'identity_changed' }]);
});

test('who was registered a moment ago is let in, and may do what its row says', async () => {
  const { key } = await newWorker();
  const connection = await connect({
    servers: ingress.nats.server.url,
    authenticator: nkeyAuthenticator(new TextEncoder().encode(key.seed)),
    inboxPrefix: '_INBOX_worker-weather-w1',
  });
  // Nobody answers here; that it may ask is what counts.
  const ask = (worker: string, timeout: number) =>
    connection.request(`rpc.scheduler.claim.weather.${worker}`, '{}', { timeout });
  await expect(ask('w2', 20_000)).rejects.toThrow(/permissions/i);
  await expect(ask('w1', 500)).rejects.not.toThrow(/permissions/i);
  await connection.close();
});

test('naming a registered key is not enough: it has to sign this connection’s nonce', async () => {
  const { key } = await newWorker();
  const [right, other] = [nkeySigner(key.seed), nkeySigner(createNatsKey().seed)];
  const [before, letIn] = [await counted('signature_invalid'), await counted('let_in')];
  const told = [
    await knockWith(url(), key.nkey_public, other),
    await knockWith(url(), key.nkey_public, () => right('the nonce of before')),
    await knockWith(url(), key.nkey_public, () => Buffer.alloc(0)),
    await knockWith(url(), '', right),
    await knockWith(url(), `${key.nkey_public}'); DROP TABLE identity.bus_users; --`, right),
  ];
  expect(told.map((each) => each.letIn)).toEqual(told.map(() => false));
  expect([await counted('signature_invalid'), await counted('let_in')]).toEqual([before + told.length, letIn]);
  expect(await isIn(key)).toBe(true);
});

type Holder = { key: NatsKey; end: () => Promise<unknown> };

async function ofTenant(kind: 'agent' | 'auditor', principal: string | null): Promise<Holder> {
  const key = createNatsKey();
  await register({ bus_users: [{ kind, tenant: TENANT, nkey: key.nkey_public, principal }] });
  return {
    key,
    end: () => (principal === null ? revoke('bus_user', key.nkey_public) : revoke('principal', principal)),
  };
}
const HOLDERS: Record<string, () => Promise<Holder>> = {
  'a worker': async () => {
    const { id, key } = await newWorker();
    return { key, end: () => revoke('worker', id) };
  },
  'a key of a tenant’s agents': () => ofTenant('agent', null),
  'a key of a tenant’s auditors': () => ofTenant('auditor', null),
  'a key that a principal holds alone': () => ofTenant('agent', 'second-agent'),
};

test.each(Object.keys(HOLDERS))('%s that was revoked is disconnected, and stays outside', async (name) => {
  const { key, end } = await HOLDERS[name]!();
  const beside = await newWorker();
  const [connection, other] = [await open(key), await open(beside.key)];
  await end();
  // The server ends it; nothing else would.
  await connection.closed;
  expect(await isIn(key)).toBe(false);
  expect(await counted('revoked')).toBeGreaterThan(0);
  expect(await Promise.race([other.closed, Promise.resolve('still there')])).toBe('still there');
  other.close();
});

test('a revocation reaches who is on the way in at that moment', async () => {
  const workers = await Promise.all(Array.from({ length: 12 }, newWorker));
  const coming = workers.map(({ key }) => open(key).then(({ closed }) => closed));
  await Promise.all(workers.map(({ id }) => revoke('worker', id)));
  // Turned away at once or disconnected: nobody stays.
  await Promise.all(coming);
  for (const { key } of workers) expect(await isIn(key)).toBe(false);
});

test('a storm of wrong keys is counted, and keeps nobody out', async () => {
  const before = await counted('unauthenticated');
  const { key } = await newWorker();
  const storm = Promise.all(Array.from({ length: 150 }, () => isIn(createNatsKey())));
  expect(await isIn(key)).toBe(true);
  expect(new Set(await storm)).toEqual(new Set([false]));
  expect(await counted('unauthenticated')).toBe(before + 150);
  expect(await isIn(key)).toBe(true);
});

test('all come back at once after the server was started anew', async () => {
  const workers = await Promise.all(Array.from({ length: 100 }, newWorker));
  const before = await Promise.all(workers.map(({ key }) => open(key)));
  expect(before.every(({ letIn }) => letIn)).toBe(true);
  await ingress.nats.server.kill();
  await Promise.all(before.map(({ closed }) => closed));
  await ingress.nats.server.start();
  // Until the ingress is back itself nobody is let in.
  await waitUntil('all are back', async () => (await Promise.all(workers.map(({ key }) => isIn(key)))).every(Boolean), {
    timeout_ms: 30_000,
  });
});

test('two tenants or pools never share an account, and one that there is no room for is refused whole', async () => {
  const [{ owner, slot }] = (await ingress.admin.query<{ owner: string; slot: number }>(
    "SELECT owner, slot FROM identity.bus_accounts WHERE kind = 'pool'",
  )) as [{ owner: string; slot: number }];
  expect([owner, slot]).toEqual(['weather', 1]);
  const worker = (pool: string) => ({
    pool,
    worker: 'w1',
    public_key: publicKey(),
    bus_key: createNatsKey().nkey_public,
  });
  const pools = Array.from({ length: ACCOUNT_SLOTS.pool - 1 }, (_, i) => `pool-${i}`);
  await register({ workers: pools.map(worker) });
  expect(await codeOf(register({ workers: [worker('one-too-many')] }))).toBe('bus_full');
  // In a pool that has its account there is room.
  await register({ workers: [{ ...worker('pool-0'), worker: 'w2' }] });
  const tenants = Array.from({ length: LIMITS.intake_tenants }, (_, i) => `tenant-${i}`);
  const auditors = tenants.map((tenant) => ({ kind: 'auditor' as const, tenant, nkey: createNatsKey().nkey_public }));
  // One is taken.
  expect(await codeOf(register({ tenants, bus_users: auditors }))).toBe('bus_full');
  const [left] = await ingress.admin.query<{ pools: number; slots: number; tenants: number }>(
    `SELECT count(*)::int AS pools, count(DISTINCT slot)::int AS slots,
       (SELECT count(*)::int FROM identity.tenants WHERE tenant LIKE 'tenant-%') AS tenants
     FROM identity.bus_accounts WHERE kind = 'pool'`,
  );
  expect(left).toEqual({ pools: ACCOUNT_SLOTS.pool, slots: ACCOUNT_SLOTS.pool, tenants: 0 });
});

test('over HTTP a tenant’s admin lets keys in and revokes them, its own alone', async () => {
  const asAdmin = { key: ingress.keys.admin };
  const key = createNatsKey();
  const given = { kind: 'auditor', nkey: key.nkey_public };
  expect(await ingress.post('/bus-users', given, { key: ingress.keys.auditor })).toMatchObject({ status: 403 });
  expect(await ingress.post('/bus-users', { ...given, principal: 'foreign-agent' }, asAdmin)).toMatchObject({
    status: 404,
  });
  expect(await isIn(key)).toBe(false);
  const made = await ingress.post('/bus-users', given, asAdmin);
  expect(made).toMatchObject({ status: 201, body: { ...given, tenant: TENANT, principal: null, revoked_at: null } });
  const connection = await open(key);
  expect(connection.letIn).toBe(true);
  expect((await ingress.get('/bus-users', asAdmin)).body).toMatchObject({
    bus_users: expect.arrayContaining([made.body]),
  });

  const foreign = createNatsKey();
  await register({ bus_users: [{ kind: 'agent', tenant: 'other', nkey: foreign.nkey_public }] });
  const reason = { reason: 'tried by a test' };
  for (const unknown of [foreign.nkey_public, createNatsKey().nkey_public])
    expect(await ingress.post(`/bus-users/${unknown}/revoke`, reason, asAdmin)).toMatchObject({ status: 404 });
  expect(await isIn(foreign)).toBe(true);
  const revoked = await ingress.post(`/bus-users/${key.nkey_public}/revoke`, reason, asAdmin);
  expect(revoked).toMatchObject({ status: 200, body: { revoked_at: expect.any(String) } });
  await connection.closed;
  expect(await isIn(key)).toBe(false);
});

test('one key is one user’s', async () => {
  const { key } = await newWorker();
  const { nkey_public } = key;
  const auditor = { kind: 'auditor' as const, tenant: TENANT, nkey: createNatsKey().nkey_public };
  await register({ bus_users: [auditor] });
  await register({ bus_users: [auditor] });
  for (const other of [
    { bus_users: [{ kind: 'agent' as const, tenant: TENANT, nkey: nkey_public }] },
    { bus_users: [{ ...auditor, kind: 'agent' as const }] },
    { bus_users: [{ ...auditor, tenant: 'other' }] },
    { workers: [{ pool: 'p', worker: 'w', public_key: publicKey(), bus_key: auditor.nkey }] },
  ])
    expect(await codeOf(register(other)), JSON.stringify(other)).toBe('identity_conflict');
});
