/**
 * A full disk leaves nats-server answering and storing nothing. When there is room again it is ended, with a word, so that
 * its supervisor starts it anew; the owner of the stream has said meanwhile that it takes nothing.
 */
import { waitUntil } from '@countersign/infra/wait-until';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { tmpfsDisk, whyNoDisk } from '../../harness/own-disk.ts';
import { startNats } from '../../harness/start-nats.ts';

const reason = whyNoDisk('tmpfs');

test.skipIf(reason !== undefined)('is ended when there is room again, and stores again', async () => {
  await using disk = tmpfsDisk(64);
  const told: string[] = [];
  await using server = await startNats({ parent: disk.dir, report: (line) => void told.push(line) });
  const connection = await connect({ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  try {
    await (await jetstreamManager(connection)).streams.add({ name: 'S', subjects: ['s.>'] });
    const stores = () =>
      connection.request('s.x', 'x'.repeat(200_000), { timeout: 500 }).then(
        () => true,
        () => false,
      );
    await waitUntil('it stores', stores);
    disk.fill();
    // As it says itself: no answer within half a second may be a busy machine.
    await waitUntil('it stores nothing', async () => {
      await stores();
      return /write error/.test(await (await fetch(`${server.monitor_url}/healthz?details=true`)).text());
    });
    expect(server.isRunning()).toBe(true);
    disk.makeRoom();
    expect(await stores()).toBe(false);
    await waitUntil('it is ended', () => !server.isRunning());
    expect(told).toHaveLength(1);
    await server.start();
    await waitUntil('it stores again', stores);
  } finally {
    await connection.close();
  }
});
