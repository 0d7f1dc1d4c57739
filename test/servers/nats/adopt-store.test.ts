/**
 * What an earlier version without accounts had stored is not left behind: a request that nobody has read is read later.
 */
import { SERVICES_ACCOUNT } from '@countersign/contracts/bus-accounts';
import { adoptStore } from '@countersign/infra/nats/adopt-store';
import { renderNatsConfig } from '@countersign/infra/nats/render-config';
import { renderOpenNatsConfig } from '@countersign/infra/render-open-nats-config';
import { createNatsKey } from '@countersign/platform/nats-key';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, nkeyAuthenticator } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { startNats } from '../../harness/start-nats.ts';

test('the streams of the account without a name become the services’, once', async () => {
  const key = createNatsKey();
  const reader = {
    name: 'reader',
    account: SERVICES_ACCOUNT,
    nkey_public: key.nkey_public,
    permissions: { publish: ['$JS.API.>', 'job.submit.>'], subscribe: ['_INBOX.>'] },
  };
  let accounts = false;
  await using server = await startNats({
    render: (facts) =>
      accounts
        ? renderNatsConfig({ ...facts, users: [reader], issuer: createNatsKey('account').nkey_public })
        : renderOpenNatsConfig(facts),
  });
  const before = await connect({ servers: server.url });
  await (await jetstreamManager(before)).streams.add({ name: 'INTAKE', subjects: ['job.submit.>'] });
  await jetstream(before).publish('job.submit.acme.demo.read', 'unread');
  await before.close();
  await server.stop();

  accounts = true;
  adoptStore(server.store_dir);
  await server.start();
  const after = await connect({
    servers: server.url,
    authenticator: nkeyAuthenticator(new TextEncoder().encode(key.seed)),
  });
  const manager = await jetstreamManager(after, { checkAPI: false });
  expect((await manager.streams.info('INTAKE')).state.messages).toBe(1);
  await jetstream(after, { checkAPI: false } as never).publish('job.submit.acme.demo.read', 'another');
  await after.close();

  // A second start finds the services' own store, and leaves it alone.
  await server.stop();
  adoptStore(server.store_dir);
  await server.start();
  const again = await connect({
    servers: server.url,
    authenticator: nkeyAuthenticator(new TextEncoder().encode(key.seed)),
  });
  const { state } = await (await jetstreamManager(again, { checkAPI: false })).streams.info('INTAKE');
  expect(state.messages).toBe(2);
  await again.close();
});
