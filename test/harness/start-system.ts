/**
 * A whole system of a test file's own: real nats-server with the real permissions, real Postgres, all six services, as
 * one process or as six that a test can kill.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  allSettings,
  type PrepareOptions,
  prepareBusAndPolicy,
  prepareSystem,
  renderDevelopmentNats,
} from '@countersign/infra/development-environment';
import { type DevelopmentKeys, loadDevelopmentKeys } from '@countersign/infra/development-keys';
import { DEVELOPMENT_ROSTER, DEVELOPMENT_TENANT } from '@countersign/infra/development-roster';
import { findFreePort } from '@countersign/infra/find-free-port';
import type { NatsHandle } from '@countersign/infra/run-nats-server';
import { type PostgresHandle, runPostgres } from '@countersign/infra/run-postgres';
import { type RunningServices, runServices } from '@countersign/infra/run-services';
import pg from 'pg';
import { inject } from 'vitest';
import { createDatabase } from './create-database.ts';
import { startNats } from './start-nats.ts';
import { layWire, type Wire } from './wire.ts';

export type SystemOptions = {
  separate?: boolean;
  /** Instances of each service; as many as the run's project says (vitest.config.ts) unless given; requests go to one ingress after the other. */
  replicas?: number;
  /** Each instance reaches NATS and Postgres over wires of its own, which the test may disturb. */
  wired?: boolean;
  /** An existing folder for all data and logs, e.g. on a disk of its own. */
  data_dir?: string;
  /** `dev` survives a power cut, as a real system has to. */
  postgres_mode?: 'dev' | 'test';
  /** A Postgres that the test may kill. */
  own_postgres?: boolean;
  /** With `own_postgres`: before anything else uses it. */
  prepare_postgres?: (postgres: PostgresHandle) => Promise<void>;
  /** Settings on top, as the services read them. */
  settings?: Record<string, string>;
  /** Another policy folder than the development bundle's. */
  bundle_dir?: string;
};

type Wires = { nats: Wire; postgres: Wire };

export type TestSystem = AsyncDisposable & {
  url: string;
  tenant: string;
  keys: DevelopmentKeys;
  nats: NatsHandle;
  /** Null when all test files share it. */
  postgres: PostgresHandle | null;
  services: RunningServices;
  /** With `wired`; by the number of the instance, the first being 0. */
  wires: readonly Wires[];
  admin_url: string;
  prepared: PrepareOptions;
  /** As superuser, past every role. */
  sql<T extends pg.QueryResultRow>(text: string, params?: unknown[]): Promise<T[]>;
  /** One request as one of the development people; `body` is sent as JSON. */
  api(
    who: keyof DevelopmentKeys['api_keys'],
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<{ status: number; body: any; headers: Headers }>;
};

/** As the run's other servers are started. */
export async function startOwnPostgres(dir: string, mode: 'dev' | 'test' = 'test'): Promise<PostgresHandle> {
  if (inject('test_stack').kind === 'processes') return runPostgres({ dir, mode });
  const { runPostgresContainer } = await import('./run-in-containers.ts');
  return runPostgresContainer();
}

export async function startSystem(options: SystemOptions = {}): Promise<TestSystem> {
  const dir = mkdtempSync(join(options.data_dir ?? inject('test_stack').run_dir, 'system-'));
  // Postgres may run as another user, who has to pass through to its data.
  chmodSync(dir, 0o711);
  const owned = new AsyncDisposableStack();
  owned.defer(() => rmSync(dir, { recursive: true, force: true }));
  try {
    const made = loadDevelopmentKeys(dir, DEVELOPMENT_ROSTER);
    const { admin_url, keys, postgres, prepare } = await openDatabase(dir, made, options, owned);
    const render = renderDevelopmentNats(keys);
    const nats = owned.use(await startNats({ render, ...(options.data_dir ? { parent: options.data_dir } : {}) }));
    const { bundle_dir, replicas = Number(process.env.TEST_REPLICAS ?? 1) } = options;
    const prepared: PrepareOptions = {
      dir,
      admin_url,
      nats_url: nats.url,
      keys,
      ...(bundle_dir ? { bundle_dir } : {}),
    };
    await prepare(prepared);
    const wires: Wires[] = [];
    for (let i = 0; options.wired && i < replicas; i += 1) wires.push(await layWires(prepared, owned));
    const services = owned.use(
      await runServices({
        dir,
        separate: options.separate ?? false,
        replicas,
        settings: allSettings(prepared),
        http_port: await findFreePort(),
        extra: (instance) => ({
          LOG_LEVEL: 'info',
          ...(options.wired ? overWires(prepared, wires[instance - 1]!) : {}),
          ...options.settings,
        }),
      }),
    );
    let requests = 0;
    const nextUrl = (): string => services.urls[requests++ % services.urls.length]!;
    const pool = new pg.Pool({ connectionString: admin_url, max: 2 });
    // The database is dropped under it at the end.
    pool.on('error', () => {});
    owned.defer(() => pool.end());
    return {
      url: services.url,
      tenant: DEVELOPMENT_TENANT,
      keys,
      nats,
      postgres,
      services,
      wires,
      admin_url,
      prepared,
      sql: async (text, params) => (await pool.query(text, params)).rows,
      api: (who, method, path, body, headers, signal) =>
        request(nextUrl(), keys.api_keys[who], method, path, body, headers, signal),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  } catch (error) {
    await owned.disposeAsync();
    throw error;
  }
}

/** A cluster of its own, which a test may kill; otherwise a database in the one that all test files share. */
async function openDatabase(dir: string, keys: DevelopmentKeys, options: SystemOptions, owned: AsyncDisposableStack) {
  if (options.own_postgres) {
    const postgres = owned.use(await startOwnPostgres(dir, options.postgres_mode));
    await options.prepare_postgres?.(postgres);
    return { admin_url: postgres.admin_url, keys, postgres, prepare: prepareSystem };
  }
  const { role_password } = inject('test_stack');
  // Roles belong to the whole cluster.
  const role_passwords = Object.fromEntries(Object.keys(keys.role_passwords).map((role) => [role, role_password]));
  const { admin_url } = owned.use(await createDatabase());
  return { admin_url, keys: { ...keys, role_passwords }, postgres: null, prepare: prepareBusAndPolicy };
}

async function layWires(prepared: PrepareOptions, owned: AsyncDisposableStack): Promise<Wires> {
  return { nats: owned.use(await layWire(prepared.nats_url)), postgres: owned.use(await layWire(prepared.admin_url)) };
}

/** Every setting with an address, with the wire's in its place. */
function overWires(prepared: PrepareOptions, wires: Wires): Record<string, string> {
  const addresses = allSettings({ ...prepared, admin_url: wires.postgres.url, nats_url: wires.nats.url });
  return Object.fromEntries(Object.entries(addresses).filter(([key]) => /_(DATABASE|NATS)_URL$/.test(key)));
}

async function request(
  url: string,
  key: string,
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
) {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: {
      'x-api-key': key,
      'x-tenant-id': DEVELOPMENT_TENANT,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(signal ? { signal } : {}),
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? null : JSON.parse(text), headers: answer.headers };
}
