/**
 * The one stream that all tenants' requests once shared is deleted, so that each tenant's own can take its subjects: never
 * with a request in it that nobody has read.
 */
import { SERVICES_ACCOUNT } from '@countersign/contracts/bus-accounts';
import { retireStreams } from '@countersign/infra/nats/retire-streams';
import { SetUpError } from '@countersign/infra/set-up-error';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import { startGuardedNats } from './connect-as.ts';

const BEFORE = {
  name: 'before',
  account: SERVICES_ACCOUNT,
  permissions: { publish: ['$JS.API.>', 'job.submit.>', 'probe.intake'], subscribe: ['_INBOX_before.>'] },
};

test('unread requests of an earlier version keep the new one from starting, and are not lost', async () => {
  await using nats = await startGuardedNats({ workers: [], tenants: ['acme'], auditors: [] }, [BEFORE]);
  const connection = await nats.connectAs(BEFORE.name);
  const { streams } = await jetstreamManager(connection, { checkAPI: false });
  await streams.add({ name: 'INTAKE', subjects: ['job.submit.>', 'probe.intake'] });
  const before = jetstream(connection, { checkAPI: false } as never);
  await before.publish('probe.intake', '{}');
  await before.publish('job.submit.acme.demo.read', 'unread');
  const retire = () => retireStreams(nats.server.url, nats.seedOf('provisioner'));

  await expect(retire()).rejects.toThrow(/INTAKE .* holds 1 requests/);
  await expect(retire()).rejects.toBeInstanceOf(SetUpError);
  expect((await streams.info('INTAKE')).state.messages).toBe(2);

  await streams.purge('INTAKE', { filter: 'job.submit.>' });
  await retire();
  await expect(streams.info('INTAKE')).rejects.toThrow(/not found/);
  // And where there is none.
  await retire();
});
