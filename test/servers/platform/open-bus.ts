/**
 * A nats-server without users, the platform's bus on it under any name, and a plain connection for whoever plays a peer.
 */

import type { NatsHandle } from '@countersign/infra/run-nats-server';
import { type Bus, connectBus } from '@countersign/platform/bus';
import type { Metrics } from '@countersign/platform/metrics';
import { createNatsKey } from '@countersign/platform/nats-key';
import { AckPolicy, type JetStreamManager, jetstreamManager, RetentionPolicy } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { startNats } from '../../harness/start-nats.ts';

export type OpenNats = AsyncDisposable & {
  server: NatsHandle;
  /** Closed at the end, unless the test closes it. */
  bus(user: string, metrics?: Metrics): Promise<Bus>;
  peer: NatsConnection;
  manager: JetStreamManager;
  /** A work queue for `<name>.>` with one durable, named like it. */
  makeQueue(name: string, ack_wait_ms?: number): Promise<void>;
  makeConsumer(name: string, ack_wait_ms?: number): Promise<void>;
};

export async function openNats(): Promise<OpenNats> {
  const cleanUp = new AsyncDisposableStack();
  const server = cleanUp.use(await startNats());
  const peer = await connect({ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  cleanUp.defer(() => peer.close());
  const manager = await jetstreamManager(peer);
  const makeConsumer = async (name: string, ack_wait_ms = 60_000): Promise<void> => {
    await manager.consumers.add(name, {
      durable_name: name,
      ack_policy: AckPolicy.Explicit,
      ack_wait: ack_wait_ms * 1e6,
    });
  };
  return {
    server,
    peer,
    manager,
    makeConsumer,
    async makeQueue(name, ack_wait_ms) {
      await manager.streams.add({ name, subjects: [`${name}.>`], retention: RetentionPolicy.Workqueue });
      await makeConsumer(name, ack_wait_ms);
    },
    async bus(user, metrics) {
      const nkey_seed = createNatsKey().seed;
      const bus = await connectBus({ servers: server.url, nkey_seed, user, ...(metrics ? { metrics } : {}) });
      cleanUp.defer(() => bus.close());
      return bus;
    },
    [Symbol.asyncDispose]: () => cleanUp.disposeAsync(),
  };
}
