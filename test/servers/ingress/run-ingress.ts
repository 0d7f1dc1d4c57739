/**
 * Ingress on a database and a bus of its own, between services that the test plays, with people and agents registered.
 */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type BusUser, busUserName } from '@countersign/contracts/bus-users';
import type { ErrorBody } from '@countersign/contracts/http';
import { PERMISSION_SETS, type Permission } from '@countersign/contracts/permissions';
import { findFreePort } from '@countersign/infra/find-free-port';
import { newApiKey } from '@countersign/ingress/api-key';
import { registerIdentities } from '@countersign/ingress/register-identities';
import { ingress } from '@countersign/ingress/service';
import { type Bus, connectBus } from '@countersign/platform/bus';
import type { Database } from '@countersign/platform/database';
import { start } from '@countersign/platform/service';
import {
  createPeers,
  type Peers,
  playApproval,
  playAudit,
  playKernel,
  playOutputSafety,
  playScheduler,
} from '../../cases/ingress/play-peers.ts';
import { connectIn } from '../../harness/connect-in.ts';
import { createDatabase } from '../../harness/create-database.ts';
import { makeStreams } from '../../harness/make-streams.ts';
import { type GuardedNats, NOBODY, startGuardedNats } from '../nats/connect-as.ts';

export const TENANT = 'acme';
export const AGENT = 'desk-agent';
/** Of the tenant `other`. */
export const FOREIGN_AGENT = 'foreign-agent';

export type Reply = { status: number; headers: Headers; body: Record<string, unknown> & Partial<ErrorBody> };
export type RunningIngress = AsyncDisposable & {
  url: string;
  health_url: string;
  peers: Peers;
  admin: Database;
  /** As the service's own role. */
  database_url: string;
  nats: GuardedNats;
  keys: Record<'agent' | 'other_agent' | 'approver' | 'admin' | 'auditor' | 'stranger' | 'expired', string>;
  signing_key: KeyObject;
  foreign_signing_key: KeyObject;
  /** Signs the tokens of every instance that is told no other. */
  token_key: KeyObject;
  /** One more instance on the same database. */
  startAnother(settings?: Record<string, string>): Promise<AsyncDisposable & { url: string }>;
  /** One more key of a principal, with what an agent may. */
  registerKey(principal: string): Promise<string>;
  /** Under the key that `nats` connects it with; its tenant too. */
  registerBusUser(user: BusUser): Promise<void>;
  peerBus(name: string): Bus;
  /** `body` as text goes as it is. */
  post(path: string, body: unknown, more?: { key?: string; headers?: Record<string, string> }): Promise<Reply>;
  get(path: string, more?: { key?: string; headers?: Record<string, string>; method?: string }): Promise<Reply>;
};

const ceiling = { topics: ['job.*'], capabilities: ['*'], environments: ['*'] };

/** `settings`: of the service, beside what it cannot do without. */
export async function runIngress(settings: Record<string, string> = {}): Promise<RunningIngress> {
  const cleanUp = new AsyncDisposableStack();
  const test_database = cleanUp.use(await createDatabase());
  const nats = cleanUp.use(await startGuardedNats(NOBODY, [], { answered: false }));
  // The played audit service owns no stream; ingress makes its own.
  await makeStreams(nats.connectAs, { pools: [] });
  const databaseAs = (url: string): Database => connectIn(cleanUp, url);
  const keys = {
    agent: newApiKey(),
    other_agent: newApiKey(),
    approver: newApiKey(),
    admin: newApiKey(),
    auditor: newApiKey(),
    stranger: newApiKey(),
    expired: newApiKey(),
  };
  const [pair, foreign] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
  const token_key = generateKeyPairSync('ed25519').privateKey;
  const xOf = (key: KeyObject): string => key.export({ format: 'jwk' }).x!;
  const ingress_url = test_database.url_for('countersign_ingress');
  const own = databaseAs(ingress_url);
  await seed(own, keys, [xOf(pair.publicKey), xOf(foreign.publicKey)]);
  const registerBusUser: RunningIngress['registerBusUser'] = async (user) => {
    const { nkey_public: nkey } = nats.keyOf(busUserName(user));
    await own.transaction((tx) =>
      registerIdentities(
        tx,
        user.kind === 'worker'
          ? { workers: [{ pool: user.pool, worker: user.worker, bus_key: nkey, public_key: newPublicKey() }] }
          : { tenants: [user.tenant], bus_users: [{ ...user, nkey }] },
      ),
    );
  };
  for (const tenant of [TENANT, 'other']) await registerBusUser({ kind: 'agent', tenant });
  const registerKey = async (principal: string): Promise<string> => {
    const key = newApiKey();
    const api_keys = [{ key, principal, permissions: [...PERMISSION_SETS.agent] }];
    await own.transaction((tx) => registerIdentities(tx, { api_keys }));
    return key;
  };

  const peers = createPeers();
  const buses = new Map<string, Bus>();
  const parts = {
    'policy-kernel': playKernel,
    scheduler: playScheduler,
    approval: playApproval,
    'output-safety': playOutputSafety,
    audit: playAudit,
  };
  for (const [user, play] of Object.entries(parts)) {
    const bus = await connectBus({ servers: nats.server.url, nkey_seed: nats.seedOf(user), user });
    cleanUp.defer(() => bus.close());
    buses.set(user, bus);
    play(bus, peers);
    await bus.check();
  }
  const startOne = async (more: Record<string, string>) => {
    const port = await findFreePort();
    const running = await start([ingress], {
      DATABASE_URL: ingress_url,
      NATS_URL: nats.server.url,
      NATS_NKEY_SEED: nats.seedOf('ingress'),
      BUS_ISSUER_SEED: nats.issuer.seed,
      HTTP_PORT: String(port),
      HTTP_NAMES: 'api.acme.example',
      TOKEN_KEY: token_key.export({ type: 'pkcs8', format: 'pem' }) as string,
      LOG_LEVEL: 'silent',
      ...settings,
      ...more,
    });
    return { running, url: `http://127.0.0.1:${port}` };
  };
  const first = await startOne({});
  const running = cleanUp.use(first.running);
  const { url } = first;
  const headersOf = (more: { key?: string; headers?: Record<string, string> }) => ({
    'x-api-key': more.key ?? keys.agent,
    'x-tenant-id': TENANT,
    ...more.headers,
  });
  return {
    url,
    health_url: running.services[0]!.health_url,
    peers,
    admin: databaseAs(test_database.admin_url),
    database_url: ingress_url,
    nats,
    keys,
    signing_key: pair.privateKey,
    foreign_signing_key: foreign.privateKey,
    token_key,
    async startAnother(more = {}) {
      const another = await startOne(more);
      return { url: another.url, [Symbol.asyncDispose]: () => another.running[Symbol.asyncDispose]() };
    },
    registerKey,
    registerBusUser,
    peerBus: (name) => buses.get(name)!,
    post: async (path, body, more = {}) =>
      read(
        await fetch(`${url}/api/v1${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headersOf(more) },
          body: typeof body === 'string' ? body : JSON.stringify(body),
        }),
      ),
    get: async (path, more = {}) =>
      read(await fetch(`${url}/api/v1${path}`, { method: more.method ?? 'GET', headers: headersOf(more) })),
    [Symbol.asyncDispose]: () => cleanUp.disposeAsync(),
  };
}

async function seed(
  database: Database,
  keys: RunningIngress['keys'],
  [signing_key, foreign]: [string, string],
): Promise<void> {
  const key = (of: keyof typeof keys, principal: string, permissions: readonly Permission[]) => ({
    key: keys[of],
    principal,
    permissions: [...permissions],
  });
  const agent = { type: 'agent' as const, tenant: TENANT, owner: 'olivia', ceiling };
  const human = { type: 'human' as const, tenant: TENANT };
  await database.transaction((tx) =>
    registerIdentities(tx, {
      tenants: [TENANT, 'other'],
      principals: [
        { ...agent, id: AGENT, signing_key },
        { ...agent, id: 'second-agent', signing_key: null },
        { ...agent, id: FOREIGN_AGENT, tenant: 'other', signing_key: foreign },
        { ...human, id: 'olivia', groups: [] },
        { ...human, id: 'alice', groups: ['sre', 'approvers'] },
        { ...human, id: 'audrey', groups: [] },
      ],
      api_keys: [
        key('agent', AGENT, PERMISSION_SETS.agent),
        key('other_agent', 'second-agent', PERMISSION_SETS.agent),
        key('stranger', FOREIGN_AGENT, PERMISSION_SETS.agent),
        key('approver', 'alice', PERMISSION_SETS.approver),
        key('admin', 'olivia', PERMISSION_SETS.admin),
        key('auditor', 'audrey', PERMISSION_SETS.auditor),
        { ...key('expired', AGENT, PERMISSION_SETS.agent), expires_at: '2026-01-01T00:00:00Z' },
      ],
      workers: [{ worker: 'reader-1', pool: 'desk-read', public_key: 'A'.repeat(43) }],
    }),
  );
}

function newPublicKey(): string {
  return generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x!;
}

async function read(response: Response): Promise<Reply> {
  const text = await response.text();
  const isJson = response.headers.get('content-type') === 'application/json' && text !== '';
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : { text } };
}
