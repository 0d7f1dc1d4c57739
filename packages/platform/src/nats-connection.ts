/**
 * The only file that imports NATS. One connection under one nkey, with an inbox of its own below its user's prefix: the
 * server's permissions keep other users out, and a random token keeps out who runs beside it under the same key.
 */

import type { Msg, NatsConnection } from '@nats-io/transport-node';
import {
  AuthorizationError,
  connect,
  headers,
  nkeyAuthenticator,
  PermissionViolationError,
} from '@nats-io/transport-node';
import { randomSecret } from './ids.ts';

export type Message = {
  subject: string;
  reply: string | undefined;
  data: Uint8Array;
  headers: ReadonlyMap<string, string>;
  status: number;
};
export type Headers = Readonly<Record<string, string>>;
export type Connection = {
  /** `_INBOX_<user>.<token>`; two connections never share it. */
  inbox: string;
  /**
   * While the server is away it is kept until the client dials again, and dropped then. Once closed nothing is sent: an
   * acknowledgement that comes too late is given up.
   */
  publish(subject: string, data: Uint8Array | string, options?: { reply?: string; headers?: Headers }): void;
  /** Returns what ends it, and resolves when everything that the server had sent until then was handed over. */
  subscribe(subject: string, queue: string | null, handle: (message: Message) => void): () => Promise<void>;
  /** One round trip to the server. */
  flush(): Promise<void>;
  onReconnect(handle: () => void): void;
  /** Permission violations and other errors that the server reports. */
  onError(handle: (error: Error) => void): void;
  isConnected(): boolean;
  serverVersion(): string;
  /** Its public nkey; empty before the first connection. */
  serverId(): string;
  /** Stops deliveries, sends what is under way, closes. */
  drain(): Promise<void>;
};

export type ConnectionOptions = {
  servers: string;
  nkey_seed: string;
  name: string;
  /** `_INBOX_<user>` */
  inbox_prefix: string;
  wait_ms: number;
};

const NO_HEADERS: ReadonlyMap<string, string> = new Map();

/** Whether the server refused something that its user may not do. */
export function isViolation(error: unknown): boolean {
  return error instanceof PermissionViolationError;
}

/** Whether it did not let the connection in. */
export function isTurnedAway(error: unknown): boolean {
  return error instanceof AuthorizationError;
}

export async function connectNats(options: ConnectionOptions): Promise<Connection> {
  // Nobody can guess it, so nobody can answer here who was not asked.
  const inbox = `${options.inbox_prefix}.${randomSecret()}`;
  const nc = await connectWithin(options, inbox);
  const state = { up: true, again: [] as (() => void)[], errors: [] as ((e: Error) => void)[] };
  void watchStatus(nc, state);
  return {
    inbox,
    publish(subject, data, { reply, headers: given } = {}) {
      if (nc.isClosed()) return;
      // Of a text, the client would make bytes with memory of their own for each. These share memory, and never a byte of it:
      // Node hands out each part of a pool once, so the client may keep them until a server is there.
      const bytes = typeof data === 'string' ? Buffer.from(data) : data;
      nc.publish(subject, bytes, { ...(reply ? { reply } : {}), ...(given ? { headers: encodeHeaders(given) } : {}) });
    },
    subscribe(subject, queue, handle) {
      const callback = (error: Error | null, message: Msg) => {
        if (!error) handle(toMessage(message));
      };
      const subscription = nc.subscribe(subject, { callback, ...(queue ? { queue } : {}) });
      return async () => {
        if (state.up && !nc.isClosed()) await subscription.drain().catch(() => undefined);
        else subscription.unsubscribe();
      };
    },
    flush: () => nc.flush(),
    onReconnect: (handle) => state.again.push(handle),
    onError: (handle) => state.errors.push(handle),
    isConnected: () => state.up && !nc.isClosed(),
    serverVersion: () => nc.info?.version ?? '0.0.0',
    serverId: () => nc.info?.server_id ?? '',
    drain: async () => {
      if (!nc.isClosed()) await nc.drain().catch(() => nc.close());
    },
  };
}

async function connectWithin(options: ConnectionOptions, inbox: string): Promise<NatsConnection> {
  const end = Date.now() + options.wait_ms;
  for (;;) {
    try {
      return await connect({
        servers: options.servers,
        name: options.name,
        authenticator: nkeyAuthenticator(new TextEncoder().encode(options.nkey_seed)),
        inboxPrefix: inbox,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 250,
        reconnectJitter: 100,
        pingInterval: 5_000,
        maxPingOut: 2,
        ignoreAuthErrorAbort: true,
        noAsyncTraces: true,
        timeout: 5_000,
      });
    } catch (thrown) {
      if (Date.now() >= end) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

async function watchStatus(
  nc: NatsConnection,
  state: { up: boolean; again: (() => void)[]; errors: ((e: Error) => void)[] },
) {
  for await (const status of nc.status()) {
    if (status.type === 'disconnect' || status.type === 'staleConnection') state.up = false;
    if (status.type === 'reconnect') {
      state.up = true;
      for (const handle of state.again) handle();
    }
    if (status.type === 'error') for (const handle of state.errors) handle(status.error);
  }
}

function encodeHeaders(given: Headers) {
  const encoded = headers();
  for (const [key, value] of Object.entries(given)) encoded.set(key, value);
  return encoded;
}

function toMessage(message: Msg): Message {
  return {
    subject: message.subject,
    reply: message.reply,
    data: message.data,
    headers: readHeaders(message),
    status: message.headers?.code ?? 0,
  };
}

function readHeaders(message: Msg): ReadonlyMap<string, string> {
  if (!message.headers) return NO_HEADERS;
  return new Map([...message.headers].map(([key, values]) => [key, values[0] ?? '']));
}
