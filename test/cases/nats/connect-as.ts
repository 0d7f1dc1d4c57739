// Connections of single users to a server that knows a whole roster, and the question whether a verb was denied.
import { createNatsKey, type NatsKey } from '@countersign/infra/nats/keys';
import { type NatsUser, natsUsers, type Roster } from '@countersign/infra/nats/permissions';
import { renderNatsConfig } from '@countersign/infra/nats/render-config';
import type { NatsHandle } from '@countersign/infra/run-nats-server';
import { connect, type NatsConnection, nkeyAuthenticator, PermissionViolationError } from '@nats-io/transport-node';
import { startNats } from '../../harness/start-nats.ts';

export type GuardedNats = AsyncDisposable & {
  server: NatsHandle;
  seedOf(user: string): string;
  connectAs(user: string): Promise<NatsConnection>;
  /** Users of the new roster keep the keys that they have. */
  changeRoster(roster: Roster): Promise<void>;
};

/** `beside`: users of the test's own, who may stand in any account. */
export async function startGuardedNats(first: Roster, beside: readonly NatsUser[] = []): Promise<GuardedNats> {
  let roster = first;
  const keys = new Map<string, NatsKey>();
  const keyOf = (user: string): NatsKey => {
    if (!keys.has(user)) keys.set(user, createNatsKey());
    return keys.get(user)!;
  };
  const server = await startNats({
    render: (facts) =>
      renderNatsConfig({
        ...facts,
        users: [...natsUsers(roster), ...beside].map((user) => ({
          ...user,
          nkey_public: keyOf(user.name).nkey_public,
        })),
      }),
  });
  const open = new Set<NatsConnection>();
  return {
    server,
    seedOf: (user) => keyOf(user).seed,
    async connectAs(user) {
      const connection = await connect({
        servers: server.url,
        inboxPrefix: `_INBOX_${user}`,
        authenticator: nkeyAuthenticator(new TextEncoder().encode(keyOf(user).seed)),
      });
      open.add(connection);
      return connection;
    },
    async changeRoster(changed) {
      roster = changed;
      await server.reload();
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...open].map((connection) => connection.close()));
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Publishes, and tells after a round trip to the server whether it refused. */
export const mayPublish = (connection: NatsConnection, subject: string): Promise<boolean> =>
  seesNoViolation(connection, () => connection.publish(subject, ''));

export const maySubscribe = (connection: NatsConnection, subject: string, queue?: string): Promise<boolean> =>
  seesNoViolation(connection, () => {
    connection.subscribe(subject, { ...(queue === undefined ? {} : { queue }), callback: () => {} });
  });

async function seesNoViolation(connection: NatsConnection, act: () => void): Promise<boolean> {
  const seen: string[] = [];
  const statuses = connection.status();
  const watching = (async () => {
    for await (const status of statuses) {
      if (status.type === 'error' && status.error instanceof PermissionViolationError) seen.push(status.error.subject);
    }
  })();
  act();
  // The server answers in order: its refusal comes before the PONG.
  await connection.flush();
  (statuses as AsyncIterable<unknown> & { stop(): void }).stop();
  await watching;
  return seen.length === 0;
}
