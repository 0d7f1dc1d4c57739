/**
 * Connections of single users to a server with the real configuration, in which everybody beside the services is let in by
 * the real answer to the server's question, from a list instead of the registry.
 */
import { accountOf, type BusUser, busUserName } from '@countersign/contracts/bus-users';
import { subjects } from '@countersign/contracts/subjects';
import { busUsersOf, type Roster } from '@countersign/infra/development-roster';
import { NATS_USERS, type NatsUser } from '@countersign/infra/nats/permissions';
import { renderNatsConfig } from '@countersign/infra/nats/render-config';
import type { NatsHandle } from '@countersign/infra/run-nats-server';
import { admitToBus } from '@countersign/ingress/admit-to-bus';
import { createBusSigner } from '@countersign/ingress/sign-bus-user';
import type { RegisteredUser } from '@countersign/ingress/store-bus';
import { connectNats } from '@countersign/platform/nats-connection';
import { createNatsKey, type NatsKey } from '@countersign/platform/nats-key';
import { connect, type NatsConnection, nkeyAuthenticator, PermissionViolationError } from '@nats-io/transport-node';
import { startNats } from '../../harness/start-nats.ts';

export type GuardedNats = AsyncDisposable & {
  server: NatsHandle;
  /** In whose name others are let in. */
  issuer: NatsKey;
  keyOf(user: string): NatsKey;
  seedOf(user: string): string;
  connectAs(user: string): Promise<NatsConnection>;
  /** Lets these in from now on, too. */
  register(roster: Partial<Roster>): void;
};

export const NOBODY: Roster = { workers: [], tenants: [], auditors: [] };

/** Accounts as the registry gives them: in the order in which their owners come. */
function listedUsers(keyOf: (user: string) => NatsKey) {
  const slots = new Map<string, number>();
  const users = new Map<string, RegisteredUser>();
  const slotOf = ({ kind, owner }: ReturnType<typeof accountOf>): number => {
    const taken = [...slots.keys()].filter((each) => each.startsWith(`${kind} `)).length;
    const slot = slots.get(`${kind} ${owner}`) ?? taken + 1;
    slots.set(`${kind} ${owner}`, slot);
    return slot;
  };
  return {
    users,
    add(user: BusUser): void {
      const nkey = keyOf(busUserName(user)).nkey_public;
      users.set(nkey, { ...user, nkey, slot: slotOf(accountOf(user)), revoked_for_ms: null });
    },
    /** Of whoever is listed already. */
    slotOf,
  };
}

/**
 * `beside`: users of the test's own, who may stand in any account. `answered`: false where the test runs an ingress, which
 * lets in whom its registry knows.
 */
export async function startGuardedNats(
  roster: Roster,
  beside: readonly NatsUser[] = [],
  { answered = true }: { answered?: boolean } = {},
): Promise<GuardedNats> {
  const keys = new Map<string, NatsKey>();
  const keyOf = (user: string): NatsKey => {
    if (!keys.has(user)) keys.set(user, createNatsKey());
    return keys.get(user)!;
  };
  const issuer = createNatsKey('account');
  const server = await startNats({
    render: (facts) =>
      renderNatsConfig({
        ...facts,
        users: [...NATS_USERS, ...beside].map((user) => ({ ...user, nkey_public: keyOf(user.name).nkey_public })),
        issuer: issuer.nkey_public,
      }),
  });
  const listed = listedUsers(keyOf);
  const register = (more: Partial<Roster>): void => busUsersOf({ ...NOBODY, ...more }).forEach(listed.add);
  register(roster);
  const open: { close(): Promise<unknown> }[] = [];
  if (answered) open.push(await answerFromList(server.url, keyOf('ingress').seed, issuer, listed.users));
  return {
    server,
    issuer,
    keyOf,
    seedOf: (user) => keyOf(user).seed,
    async connectAs(user) {
      const connection = await connect({
        servers: server.url,
        inboxPrefix: `_INBOX_${user}`,
        authenticator: nkeyAuthenticator(new TextEncoder().encode(keyOf(user).seed)),
      });
      open.push(connection);
      return connection;
    },
    register,
    async [Symbol.asyncDispose]() {
      await Promise.all(open.map((connection) => connection.close()));
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Publishes, and tells after a round trip to the server whether it refused. */
export function mayPublish(connection: NatsConnection, subject: string): Promise<boolean> {
  return seesNoViolation(connection, () => connection.publish(subject, ''));
}

export function maySubscribe(connection: NatsConnection, subject: string, queue?: string): Promise<boolean> {
  return seesNoViolation(connection, () => {
    connection.subscribe(subject, { ...(queue === undefined ? {} : { queue }), callback: () => {} });
  });
}

async function answerFromList(
  servers: string,
  nkey_seed: string,
  issuer: NatsKey,
  users: ReadonlyMap<string, RegisteredUser>,
) {
  const inbox_prefix = subjects.inbox('ingress');
  const connection = await connectNats({ servers, nkey_seed, name: 'ingress', inbox_prefix, wait_ms: 10_000 });
  const find = async (nkeys: readonly string[]) =>
    new Map(nkeys.flatMap((nkey) => (users.has(nkey) ? [[nkey, users.get(nkey)!]] : [])));
  const metrics = { count: () => undefined };
  const log = { warn: () => undefined } as never;
  admitToBus({ connection, find, signer: createBusSigner(issuer.seed), metrics, log });
  await connection.flush();
  return { close: () => connection.drain() };
}

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
