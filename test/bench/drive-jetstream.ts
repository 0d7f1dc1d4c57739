/**
 * A bare JetStream chain with as many stream hops as a job has (dispatch, result, screened, audit) and nothing decided:
 * what the bus alone costs.
 */

import { AckPolicy, jetstream, jetstreamManager, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import { connect, nanos } from '@nats-io/transport-node';

const HOPS = 4;
const IN_FLIGHT = 64;

/** Chains per second. `url` is a server that lets everybody in. */
export async function driveJetStream(url: string, seconds: number): Promise<number> {
  const connection = await connect({ servers: url, noAsyncTraces: true });
  const manager = await jetstreamManager(connection);
  const js = jetstream(connection);
  const body = new TextEncoder().encode(JSON.stringify({ filler: 'x'.repeat(900) }));
  for (let hop = 0; hop < HOPS; hop += 1) {
    await manager.streams.add({
      name: `HOP${hop}`,
      subjects: [`hop.${hop}.>`],
      storage: StorageType.File,
      retention: RetentionPolicy.Workqueue,
    });
    await manager.consumers.add(`HOP${hop}`, {
      durable_name: 'next',
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(30_000),
      max_ack_pending: 2_000,
    });
  }
  let done = 0;
  let wake: (() => void)[] = [];
  const stops: (() => Promise<unknown>)[] = [];
  for (let hop = 0; hop < HOPS; hop += 1) {
    const messages = await (await js.consumers.get(`HOP${hop}`, 'next')).consume({
      max_messages: 256,
      callback: (message) => {
        const last = hop === HOPS - 1;
        if (!last) void js.publish(`hop.${hop + 1}.x`, message.data);
        message.ack();
        if (!last) return;
        done += 1;
        wake.shift()?.();
      },
    });
    stops.push(() => messages.close());
  }
  const end = performance.now() + seconds * 1000;
  const one = async (): Promise<void> => {
    while (performance.now() < end) {
      const passed = new Promise<void>((resolve) => wake.push(resolve));
      await js.publish('hop.0.x', body);
      await Promise.race([passed, new Promise((resolve) => setTimeout(resolve, 5_000).unref())]);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, one));
  wake = [];
  for (const stop of stops) await stop();
  await connection.close();
  return done / seconds;
}
