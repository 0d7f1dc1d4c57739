/**
 * Makes an empty Postgres and nats-server into a Countersign system: roles, schema, streams, identities, the signed
 * development bundle, and for each service the settings that it needs. The same for `npm start`, tests and compose.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CountersignError } from '@countersign/contracts/errors';
import { roleOf, SERVICES, type ServiceName } from '@countersign/contracts/ledger-entry';
import { PERMISSION_SETS, SYSTEM_PERMISSIONS } from '@countersign/contracts/permissions';
import { agentUser, auditorUser, workerUser } from '@countersign/contracts/subjects';
import { type Identities, registerIdentities } from '@countersign/ingress/register-identities';
import { connectDatabase, type Database } from '@countersign/platform/database';
import type { DevelopmentKeys } from './development-keys.ts';
import { DEVELOPMENT_TENANT } from './development-roster.ts';
import { NATS_USERS, PROVISIONER } from './nats/permissions.ts';
import { renderNatsConfig } from './nats/render-config.ts';
import { retireStreams } from './nats/retire-streams.ts';
import { migrate } from './postgres/migrate.ts';
import { createRoles } from './postgres/roles.ts';
import { developmentTrustRoot, publishBeforeStart } from './publish-development-policy.ts';
import type { NatsConfigFacts } from './run-nats-server.ts';

const MOST_TRIES = 5;
const RETRY_MS = 1_000;

/** Anything: the development agent's bounds are the policy's alone. */
const WIDE = { topics: ['job.*'], capabilities: ['*'], environments: ['*'] };

export type PrepareOptions = {
  /** Where the signed bundle and the kernel's last known good one are kept. */
  dir: string;
  admin_url: string;
  nats_url: string;
  keys: DevelopmentKeys;
  /** Another policy folder than the development bundle's. */
  bundle_dir?: string;
};

type ServiceSettings = Record<string, string>;

/** The name under which a development system signs its ledger. */
export const DEVELOPMENT_LOG = 'countersign.localhost/log';

/** The server's configuration with the services let in by their keys, and everybody else by ingress. */
export function renderDevelopmentNats(keys: DevelopmentKeys, host?: string) {
  return (facts: Omit<NatsConfigFacts, 'monitor_port'> & { monitor_port?: number }): string =>
    renderNatsConfig({
      ...facts,
      ...(host ? { host } : {}),
      users: NATS_USERS.map((user) => ({ ...user, nkey_public: keys.nats[user.name]!.nkey_public })),
      issuer: keys.bus_issuer.nkey_public,
    });
}

/** The same Postgres under another role. */
export function urlForRole(adminUrl: string, role: string, password: string): string {
  const url = new URL(adminUrl);
  url.username = role;
  url.password = password;
  return url.href;
}

/**
 * Acts as one of the services, under its own role and nothing more; again while there is an outage, so `act` has to leave
 * what stands already. A starved machine keeps Postgres from answering in time, or is itself silent in a transaction for
 * longer than a service may be.
 */
export async function asService(
  adminUrl: string,
  keys: DevelopmentKeys,
  service: ServiceName,
  act: (database: Database) => Promise<unknown>,
): Promise<void> {
  const role = roleOf(service);
  const url = urlForRole(adminUrl, role, keys.role_passwords[role]!);
  const database = connectDatabase({ url, pool: 1, name: 'set-up' });
  try {
    for (let tries = 1; ; tries += 1) {
      try {
        return void (await act(database));
      } catch (thrown) {
        if (tries === MOST_TRIES || !isOutage(thrown)) throw thrown;
        await pause(RETRY_MS);
      }
    }
  } finally {
    await database.close();
  }
}

/** Of an act that wraps what it threw, the cause says it. */
function isOutage(thrown: unknown): boolean {
  const [said, cause] = [thrown, (thrown as Error | null)?.cause];
  return [said, cause].some((each) => each instanceof CountersignError && each.code === 'database_unavailable');
}

/** Can be repeated: what stands already stays. */
export async function prepareSystem(options: PrepareOptions): Promise<void> {
  await createRoles(options.admin_url, options.keys.role_passwords);
  await migrate(options.admin_url);
  await prepareBusAndPolicy(options);
}

/** For a database that is migrated already. */
export async function prepareBusAndPolicy(options: PrepareOptions): Promise<void> {
  const { dir, admin_url, nats_url, keys, bundle_dir } = options;
  mkdirSync(join(dir, 'kernel'), { recursive: true, mode: 0o700 });
  await retireStreams(nats_url, keys.nats[PROVISIONER]!.seed);
  await seedIdentities(admin_url, keys);
  await asService(admin_url, keys, 'policy-kernel', (database) => publishBeforeStart(database, keys, bundle_dir));
}

/** The settings of one service, named as it reads them (`<SERVICE>_<KEY>`). */
export function serviceSettings(service: ServiceName, options: PrepareOptions): ServiceSettings {
  const { dir, admin_url, nats_url, keys } = options;
  const role = roleOf(service);
  const settings = {
    DATABASE_URL: urlForRole(admin_url, role, keys.role_passwords[role]!),
    NATS_URL: nats_url,
    NATS_NKEY_SEED: keys.nats[service]!.seed,
    ...ownSettings(dir, keys)[service],
  };
  const prefix = `${service.toUpperCase().replaceAll('-', '_')}_`;
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [prefix + key, value]));
}

/** The settings of all six, as one environment. */
export function allSettings(options: PrepareOptions): ServiceSettings {
  return Object.assign({}, ...SERVICES.map((service) => serviceSettings(service, options)));
}

function seedIdentities(adminUrl: string, keys: DevelopmentKeys): Promise<void> {
  return asService(adminUrl, keys, 'ingress', (database) =>
    database.transaction((tx) => registerIdentities(tx, developmentIdentities(keys))),
  );
}

function developmentIdentities(keys: DevelopmentKeys): Identities {
  const tenant = DEVELOPMENT_TENANT;
  const person = (id: string, groups: string[]) => ({ type: 'human' as const, id, tenant, groups });
  const reviewers = ['approvers', 'sre', 'security'];
  return {
    tenants: [tenant],
    principals: [
      person('alice', reviewers),
      person('bob', reviewers),
      person('admin', []),
      person('auditor', []),
      {
        type: 'agent',
        id: 'desk-agent',
        tenant,
        owner: 'admin',
        ceiling: WIDE,
        signing_key: keys.agent_signing.public_key,
      },
    ],
    // They never end, since a kept `.dev` should go on after a holiday; whatever else is made ends after 90 days.
    api_keys: [
      { principal: 'desk-agent', key: keys.api_keys.agent, permissions: [...PERMISSION_SETS.agent], expires_at: null },
      { principal: 'alice', key: keys.api_keys.approver, permissions: [...PERMISSION_SETS.approver], expires_at: null },
      { principal: 'bob', key: keys.api_keys.approver2, permissions: [...PERMISSION_SETS.approver], expires_at: null },
      {
        principal: 'admin',
        key: keys.api_keys.admin,
        permissions: [...PERMISSION_SETS.admin, ...SYSTEM_PERMISSIONS],
        expires_at: null,
      },
      { principal: 'auditor', key: keys.api_keys.auditor, permissions: [...PERMISSION_SETS.auditor], expires_at: null },
    ],
    workers: Object.entries(keys.worker_signing).map(([name, key]) => {
      const [pool, worker] = name.split('/') as [string, string];
      const { nkey_public } = keys.nats[workerUser(pool, worker)]!;
      return { pool, worker, public_key: key.public_key, bus_key: nkey_public };
    }),
    bus_users: [
      { kind: 'agent', tenant, nkey: keys.nats[agentUser(tenant)]!.nkey_public },
      { kind: 'auditor', tenant, nkey: keys.nats[auditorUser(tenant)]!.nkey_public },
    ],
  };
}

/** Settings of each service beyond the common ones. */
function ownSettings(dir: string, keys: DevelopmentKeys): Readonly<Record<ServiceName, ServiceSettings>> {
  return {
    ingress: {
      BUS_ISSUER_SEED: keys.bus_issuer.seed,
      TOKEN_KEY: keys.token.private_pem,
      WEBHOOK_KEYS: keys.webhook,
    },
    'policy-kernel': {
      TRUST_ROOT: JSON.stringify(developmentTrustRoot(keys)),
      STATE_DIR: join(dir, 'kernel'),
      DECISION_SEAL_KEYS: keys.decision_seal,
    },
    scheduler: { WARRANT_KEY: keys.warrant.private_pem, DECISION_SEAL_KEYS: keys.decision_seal },
    approval: {},
    'output-safety': { OUTPUT_SEAL_KEY: keys.output_seal, ARTIFACT_DIR: join(dir, 'artifacts') },
    audit: { LOG_ORIGIN: DEVELOPMENT_LOG, LOG_KEYS: keys.log.private_pem, WEBHOOK_KEYS: keys.webhook },
  };
}
