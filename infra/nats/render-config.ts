// Renders the nats-server configuration with one nkey user per part. Nobody without a listed key gets in, and no user
// is written without lists: to the server an empty list means everything.
import { LIMITS } from '@countersign/contracts/limits';
import { MIN_NATS_VERSION, STREAMS } from '@countersign/contracts/streams';
import { SetUpError } from '../set-up-error.ts';
import { isAtLeast } from './compare-versions.ts';
import type { NatsUser, Permissions } from './permissions.ts';

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
  max_file_store: ${STREAMS.reduce((sum, stream) => sum + stream.max_bytes, LIMITS.store_margin_bytes)}
}
authorization {
  users: [
${users.map(renderUser).join('\n')}
  ]
}
`;
}

function renderUser({ name, nkey_public, permissions }: NatsConfigInput['users'][number]): string {
  if (!/^U[A-Z2-7]{55}$/.test(nkey_public)) throw new TypeError(`${name}: not the public nkey of a user`);
  return `    { # ${name}
      nkey: ${nkey_public}
      permissions {
        publish { allow: ${renderList(name, permissions.publish)} }
        subscribe { allow: ${renderList(name, permissions.subscribe)} }
      }
    }`;
}

function renderList(name: string, allowed: Permissions['publish']): string {
  if (allowed.length === 0) throw new TypeError(`${name}: an empty list would allow everything`);
  return `[\n${allowed.map((subject) => `          ${quote(subject)}`).join('\n')}\n        ]`;
}

/** A JSON string is a string of the server's format too, and a `$` inside quotes is no variable. */
const quote = (text: string): string => JSON.stringify(text);
