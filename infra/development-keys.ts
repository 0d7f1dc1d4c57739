/**
 * Makes the keys of one development or test system, each random, and keeps them in one file that only its owner may
 * read. Nothing here is fixed in code: two clones never share a key.
 */
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { busUserName } from '@countersign/contracts/bus-users';
import { randomSecret } from '@countersign/platform/ids';
import { createNatsKey, type NatsKey } from '@countersign/platform/nats-key';
import { busUsersOf, type Roster } from './development-roster.ts';
import { NATS_USERS } from './nats/permissions.ts';
import { LOGIN_ROLES } from './postgres/roles.ts';

type Ed25519Key = {
  /** PKCS#8 PEM, secret. */
  private_pem: string;
  /** Raw 32 bytes, base64url. */
  public_key: string;
};

/** The people and agents of the development tenant. */
const DEVELOPMENT_PEOPLE = ['agent', 'approver', 'approver2', 'admin', 'auditor'] as const;

export type DevelopmentKeys = {
  /** By login role of Postgres. */
  role_passwords: Record<string, string>;
  /** By name of the NATS user. */
  nats: Record<string, NatsKey>;
  /** In whose name ingress lets others into NATS. */
  bus_issuer: NatsKey;
  api_keys: Record<(typeof DEVELOPMENT_PEOPLE)[number], string>;
  agent_signing: Ed25519Key;
  /** By `<pool>/<worker>`. */
  worker_signing: Record<string, Ed25519Key>;
  warrant: Ed25519Key;
  bundle: Ed25519Key;
  /** Signs the ledger's checkpoints. */
  log: Ed25519Key;
  /** Signs the tokens that ingress issues. */
  token: Ed25519Key;
  /** 32 bytes, base64url: seals what output-safety holds back. */
  output_seal: string;
  /** 32 bytes, base64url: what webhooks' secrets are made of, for ingress and audit. */
  webhook: string;
  /** 32 bytes, base64url: seals what the kernel decided, for the scheduler. */
  decision_seal: string;
};

/** Reads `<dir>/keys.json`, or makes it. `fresh` makes all keys anew. */
export function loadDevelopmentKeys(dir: string, roster: Roster, fresh = false): DevelopmentKeys {
  const path = join(dir, 'keys.json');
  const kept = !fresh && existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as DevelopmentKeys) : null;
  const keys = kept ? completeKeys(kept, roster) : createKeys(roster);
  writeFileSync(`${path}.new`, `${JSON.stringify(keys, null, 1)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return keys;
}

/** Keeps what stands and adds what a larger roster needs, so that a kept database still knows its keys. */
function completeKeys(kept: DevelopmentKeys, roster: Roster): DevelopmentKeys {
  const fresh = createKeys(roster);
  return {
    ...fresh,
    ...kept,
    nats: { ...fresh.nats, ...kept.nats },
    worker_signing: { ...fresh.worker_signing, ...kept.worker_signing },
  };
}

function createKeys(roster: Roster): DevelopmentKeys {
  return {
    role_passwords: Object.fromEntries(LOGIN_ROLES.map((role) => [role, randomSecret()])),
    nats: Object.fromEntries(
      [...NATS_USERS.map(({ name }) => name), ...busUsersOf(roster).map(busUserName)].map((name) => [
        name,
        createNatsKey(),
      ]),
    ),
    bus_issuer: createNatsKey('account'),
    api_keys: Object.fromEntries(
      DEVELOPMENT_PEOPLE.map((who) => [who, `cs_${randomSecret()}`]),
    ) as DevelopmentKeys['api_keys'],
    agent_signing: createEd25519Key(),
    worker_signing: Object.fromEntries(
      roster.workers.map(({ pool, worker }) => [`${pool}/${worker}`, createEd25519Key()]),
    ),
    warrant: createEd25519Key(),
    bundle: createEd25519Key(),
    log: createEd25519Key(),
    token: createEd25519Key(),
    output_seal: randomSecret(),
    webhook: randomSecret(),
    decision_seal: randomSecret(),
  };
}

function createEd25519Key(): Ed25519Key {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    private_pem: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    public_key: publicKey.export({ format: 'jwk' }).x as string,
  };
}
