import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withClient } from '../../harness/build-template.ts';
import { createDatabase, type TestDatabase } from '../../harness/create-database.ts';
import { startNats } from '../../harness/start-nats.ts';

describe('createDatabase', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.drop());

  test('gives every caller a database of its own', async () => {
    await using other = await createDatabase();
    await withClient(database.admin_url, (client) => client.query('create table mine (id int)'));
    const seen = await withClient(other.admin_url, (client) => client.query(`select to_regclass('mine') as found`));
    expect(seen.rows).toEqual([{ found: null }]);
  });

  test('keeps committed rows through everything but a lost disk', async () => {
    const { rows } = await withClient(database.admin_url, (client) => client.query('show synchronous_commit'));
    expect(rows).toEqual([{ synchronous_commit: 'on' }]);
  });
});

describe('startNats', () => {
  test('a stored message survives kill -9 of the server, on the same port', async () => {
    await using server = await startNats();
    const before = await connect({ servers: server.url, reconnect: false });
    const manager = await jetstreamManager(before);
    await manager.streams.add({ name: 'KEPT', subjects: ['kept'] });
    await jetstream(before).publish('kept', 'once');
    await server.kill();
    await server.start();
    const after = await connect({ servers: server.url });
    const stream = await (await jetstreamManager(after)).streams.info('KEPT');
    expect(stream.state.messages).toBe(1);
    await after.close();
  });

  test('lets a user in after a reload, and refuses a broken configuration', async () => {
    let users = '{ user: first, password: first }';
    await using server = await startNats({
      render: ({ port, monitor_port }) =>
        `listen: "127.0.0.1:${port}"\nhttp: "127.0.0.1:${monitor_port}"\nauthorization { users: [ ${users} ] }`,
    });
    const second = { servers: server.url, user: 'second', pass: 'second', reconnect: false };
    await expect(connect(second)).rejects.toThrow();
    users = '{ user: first, password: first }, { user: second, password: second }';
    await server.reload();
    await (await connect(second)).close();
    users = '{ user:';
    await expect(server.reload()).rejects.toThrow();
    await (await connect(second)).close();
  });
});
