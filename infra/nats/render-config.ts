/**
 * Renders the nats-server configuration: the services' users by their keys, and the accounts of everybody else, whom
 * ingress lets in from the registry (auth callout). So it is written once, whoever takes part later. No user is written
 * without lists: to the server an empty list means everything.
 */
import {
  ACCOUNT_KINDS,
  ACCOUNT_SLOTS,
  accountName,
  IMPORTS,
  type Import,
  SERVICES_ACCOUNT,
  SYSTEM_ACCOUNT,
} from '@countersign/contracts/bus-accounts';
import { LIMITS } from '@countersign/contracts/limits';
import { MIN_NATS_VERSION, STREAMS } from '@countersign/contracts/streams';
import { SYSTEM_EXPORTS } from '@countersign/contracts/subjects';
import { isAtLeast } from '@countersign/platform/compare-versions';
import { SetUpError } from '../set-up-error.ts';
import type { NatsUser } from './permissions.ts';

/** How long the server keeps the way back for the answers to a pull, which itself lives for ten seconds. */
const PULL_ANSWERS = '30s';

type NatsConfigInput = {
  port: number;
  /** HTTP of the server's own monitoring; left out, there is none. */
  monitor_port?: number;
  /** JetStream's folder. */
  store_dir: string;
  users: readonly (NatsUser & { nkey_public: string })[];
  /** Public nkey (`A…`) whose word the server takes on who else is let in: ingress holds its seed. */
  issuer: string;
  /** As `nats-server --version` says it. */
  server_version: string;
  /** Address to listen on, loopback unless told (a container listens on all of its own). */
  host?: string;
};

type SystemExport = (typeof SYSTEM_EXPORTS)[number];

/** Throws SetUpError for a server that would silently ignore what the promises rest on. */
export function renderNatsConfig(input: NatsConfigInput): string {
  const { port, monitor_port, store_dir, users, issuer, server_version, host = '127.0.0.1' } = input;
  if (!/^A[A-Z2-7]{55}$/.test(issuer)) throw new TypeError('the issuer is not the public nkey of an account');
  if (!isAtLeast(server_version, MIN_NATS_VERSION)) {
    throw new SetUpError(`nats-server is ${server_version}; ${MIN_NATS_VERSION} or newer is needed.`);
  }
  const monitor = monitor_port === undefined ? '' : `http: ${quote(`${host}:${monitor_port}`)}\n`;
  return `# Made from infra/nats/permissions.ts.
listen: ${quote(`${host}:${port}`)}
${monitor}max_payload: ${LIMITS.message_bytes}
# Accepted means stored: every message of a durable stream is flushed to disk before its acknowledgement.
jetstream {
  store_dir: ${quote(store_dir)}
  sync_interval: always
  max_file_store: ${storeBytes()}
}
# A dead connection loses its place in the queue groups after 15 seconds.
ping_interval: "5s"
ping_max: 2
system_account: ${quote(SYSTEM_ACCOUNT)}
accounts {
${renderAccounts(users)}
}
# Whom no line above lists is let in by ingress or not at all.
authorization {
  timeout: ${LIMITS.connect_ms / 1000}
  auth_callout {
    issuer: ${issuer}
    account: ${quote(SERVICES_ACCOUNT)}
    auth_users: [ ${users.map(({ nkey_public }) => nkey_public).join(', ')} ]
  }
}
`;
}

/** A JSON string is a string of the server's format too, and a `$` inside quotes is no variable. */
function quote(text: string): string {
  return JSON.stringify(text);
}

/** The server takes no other size on a reload. */
function storeBytes(): number {
  return (
    STREAMS.reduce((sum, { max_bytes }) => sum + max_bytes, LIMITS.store_margin_bytes) +
    LIMITS.intake_tenants * LIMITS.intake_bytes
  );
}

function renderAccounts(users: NatsConfigInput['users']): string {
  const members = Map.groupBy(users, ({ account }) => account);
  const usersOf = (account: string): string => renderBlock('users', (members.get(account) ?? []).map(renderUser));
  const system = `  ${SYSTEM_ACCOUNT}: {${renderBlock('exports', SYSTEM_EXPORTS.map(renderSystemExport))}\n  }`;
  const services = `  ${SERVICES_ACCOUNT}: {
    jetstream: enabled${renderBlock('exports', Object.values(IMPORTS).flat().map(renderExport))}${renderBlock(
      'imports',
      SYSTEM_EXPORTS.map(renderSystemImport),
    )}${usersOf(SERVICES_ACCOUNT)}
  }`;
  const others = ACCOUNT_KINDS.flatMap((kind) =>
    Array.from({ length: ACCOUNT_SLOTS[kind] }, (_, i) => {
      const name = accountName(kind, i + 1);
      return `  ${name}: {${renderBlock('imports', IMPORTS[kind].map(renderImport))}${usersOf(name)}\n  }`;
    }),
  );
  return [system, services, ...others].join('\n');
}

function renderBlock(name: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `\n    ${name}: [\n${lines.map((line) => `      ${line}`).join('\n')}\n    ]`;
}

function renderUser({ name, nkey_public, permissions }: NatsConfigInput['users'][number]): string {
  if (!/^U[A-Z2-7]{55}$/.test(nkey_public)) throw new TypeError(`${name}: not the public nkey of a user`);
  const { deny } = permissions;
  const denied = deny === undefined ? '' : `, deny: ${renderList(name, deny)}`;
  return `{ # ${name}
        nkey: ${nkey_public}
        permissions {
          publish { allow: ${renderList(name, permissions.publish)}${denied} }
          subscribe { allow: ${renderList(name, permissions.subscribe)} }
        }
      }`;
}

function renderList(name: string, allowed: readonly string[]): string {
  if (allowed.length === 0) throw new TypeError(`${name}: an empty list would allow everything`);
  return `[\n${allowed.map((subject) => `            ${quote(subject)}`).join('\n')}\n          ]`;
}

function renderSystemExport({ subject }: SystemExport): string {
  return `{ service: ${quote(subject)}, accounts: [${quote(SERVICES_ACCOUNT)}] }`;
}

/** To every account here: whether its user may ask is the user's permissions' matter. A pull is answered message by message. */
function renderExport({ subject, as }: Import): string {
  if (as === 'stream') return `{ stream: ${quote(subject)} }`;
  const answers = as === 'streamed' ? `, response_type: Stream, response_threshold: "${PULL_ANSWERS}"` : '';
  return `{ service: ${quote(subject)}${answers} }`;
}

function renderSystemImport({ subject, to }: SystemExport): string {
  return `{ service: { account: ${quote(SYSTEM_ACCOUNT)}, subject: ${quote(subject)} }, to: ${quote(to)} }`;
}

function renderImport({ subject, as }: Import): string {
  const from = `{ account: ${quote(SERVICES_ACCOUNT)}, subject: ${quote(subject)} }`;
  return as === 'stream' ? `{ stream: ${from} }` : `{ service: ${from} }`;
}
