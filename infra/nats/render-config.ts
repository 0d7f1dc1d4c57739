// Renders the nats-server configuration: one nkey user per part, in the account it belongs to. Nobody without a listed
// key gets in, no user is written without lists (to the server an empty list means everything), and the services' account
// exports each subject to the one account that may use it.
import { LIMITS } from '@countersign/contracts/limits';
import { MIN_NATS_VERSION, STREAMS } from '@countersign/contracts/streams';
import { isAtLeast } from '@countersign/platform/compare-versions';
import { SetUpError } from '../set-up-error.ts';
import { type Account, accountName, type Import, importsOf, SERVICES_ACCOUNT } from './accounts.ts';
import type { NatsUser, Permissions } from './permissions.ts';

/** How long the server keeps the way back for the answers to a pull, which itself lives for ten seconds. */
const PULL_ANSWERS = '30s';

export type NatsConfigInput = {
  port: number;
  /** HTTP of the server's own monitoring; left out, there is none. */
  monitor_port?: number;
  /** JetStream's folder. */
  store_dir: string;
  users: readonly (NatsUser & { nkey_public: string })[];
  /** As `nats-server --version` says it. */
  server_version: string;
  /** Address to listen on, loopback unless told (a container listens on all of its own). */
  host?: string;
};

/** Throws SetUpError for a server that would silently ignore what the promises rest on. */
export function renderNatsConfig(input: NatsConfigInput): string {
  const { port, monitor_port, store_dir, users, server_version, host = '127.0.0.1' } = input;
  if (!isAtLeast(server_version, MIN_NATS_VERSION)) {
    throw new SetUpError(`nats-server is ${server_version}; ${MIN_NATS_VERSION} or newer is needed.`);
  }
  const monitor = monitor_port === undefined ? '' : `http: ${quote(`${host}:${monitor_port}`)}\n`;
  return `# Made from infra/nats/permissions.ts; changes by hand are lost.
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
accounts {
${renderAccounts(users)}
}
`;
}

/** The same for every roster: the server takes no other size on a reload, with which a tenant may come. */
const storeBytes = (): number =>
  STREAMS.reduce((sum, { max_bytes }) => sum + max_bytes, LIMITS.store_margin_bytes) +
  LIMITS.intake_tenants * LIMITS.intake_bytes;

function renderAccounts(users: NatsConfigInput['users']): string {
  const members = Map.groupBy(users, ({ account }) => accountName(account));
  const others = [...members.values()].map(([first]) => first!.account).filter(({ kind }) => kind !== 'services');
  const exports = others.flatMap((account) => importsOf(account).map((each) => renderExport(account, each)));
  return [...members]
    .map(([name, listed]) => {
      const { account } = listed[0]!;
      const gate =
        account.kind === 'services'
          ? `jetstream: enabled\n    exports: ${renderBlock(exports)}`
          : `imports: ${renderBlock(importsOf(account).map(renderImport))}`;
      return `  ${quote(name)}: {\n    ${gate}\n    users: ${renderBlock(listed.map(renderUser))}\n  }`;
    })
    .join('\n');
}

/** A pull is answered message by message; the others once. */
function renderExport(to: Account, { subject, as }: Import): string {
  const accounts = `accounts: [${quote(accountName(to))}]`;
  if (as === 'stream') return `{ stream: ${quote(subject)}, ${accounts} }`;
  const answers = as === 'streamed' ? `, response_type: Stream, response_threshold: "${PULL_ANSWERS}"` : '';
  return `{ service: ${quote(subject)}, ${accounts}${answers} }`;
}

function renderImport({ subject, as }: Import): string {
  const from = `{ account: ${quote(accountName(SERVICES_ACCOUNT))}, subject: ${quote(subject)} }`;
  return as === 'stream' ? `{ stream: ${from} }` : `{ service: ${from} }`;
}

const renderBlock = (lines: readonly string[]): string =>
  `[\n${lines.map((line) => `      ${line}`).join('\n')}\n    ]`;

function renderUser({ name, nkey_public, permissions }: NatsConfigInput['users'][number]): string {
  if (!/^U[A-Z2-7]{55}$/.test(nkey_public)) throw new TypeError(`${name}: not the public nkey of a user`);
  return `{ # ${name}
        nkey: ${nkey_public}
        permissions {
          publish { allow: ${renderList(name, permissions.publish)} }
          subscribe { allow: ${renderList(name, permissions.subscribe)} }
        }
      }`;
}

function renderList(name: string, allowed: Permissions['publish']): string {
  if (allowed.length === 0) throw new TypeError(`${name}: an empty list would allow everything`);
  return `[\n${allowed.map((subject) => `            ${quote(subject)}`).join('\n')}\n          ]`;
}

/** A JSON string is a string of the server's format too, and a `$` inside quotes is no variable. */
const quote = (text: string): string => JSON.stringify(text);
