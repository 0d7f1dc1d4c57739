import { CONSUMERS, STREAMS } from '@countersign/contracts/streams';
import { SERVICES_ACCOUNT } from '@countersign/infra/nats/accounts';
import { provision } from '@countersign/infra/nats/provision';
import { renderNatsConfig } from '@countersign/infra/nats/render-config';
import { AckPolicy, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startNats } from '../../harness/start-nats.ts';

const NOBODY = 'SUAMK2FG4MI6UE3ACF3FK3OIQBCEIEZV7NSWFFEW63UXMRLFM2XLAXK4GY';

describe('provision', () => {
  let server: Awaited<ReturnType<typeof startNats>>;
  let connection: Awaited<ReturnType<typeof connect>>;
  let manager: JetStreamManager;
  beforeEach(async () => {
    server = await startNats();
    connection = await connect({ servers: server.url });
    manager = await jetstreamManager(connection);
  });
  afterEach(async () => {
    await connection.close();
    await server[Symbol.asyncDispose]();
  });
  const run = (pools = ['desk-read']) => provision(server.url, NOBODY, pools, ['acme']);

  test('makes every stream on file, bounded, and is idempotent', async () => {
    await run();
    await run();
    for (const spec of STREAMS) {
      const { config } = await manager.streams.info(spec.name);
      expect(config).toMatchObject({
        storage: 'file',
        retention: spec.retention,
        discard: spec.discard,
        max_bytes: spec.max_bytes,
        deny_delete: spec.deny_delete,
        deny_purge: spec.deny_delete,
        subjects: spec.subjects,
      });
      expect(config.persist_mode ?? 'default').toBe(spec.durable ? 'default' : 'async');
    }
    await expect(manager.streams.info('KV_CONTROL')).resolves.toMatchObject({ config: { max_msgs_per_subject: 1 } });
  });

  test('makes every durable, one for each pool and each auditor, and keeps those of pools that left', async () => {
    await run(['desk-read', 'infra']);
    await run(['infra', 'another']);
    for (const { stream, durable } of CONSUMERS) await manager.consumers.info(stream, durable);
    for (const pool of ['desk-read', 'infra', 'another']) {
      const { config } = await manager.consumers.info('DISPATCH', `pool-${pool}`);
      expect(config).toMatchObject({ filter_subject: `job.dispatch.${pool}.>`, ack_policy: 'explicit' });
    }
    const { config } = await manager.consumers.info('AUDIT', 'auditor-acme');
    expect(config.filter_subject).toBe('audit.acme.>');
  });

  test('refuses a stream that differs, names the difference, and changes nothing', async () => {
    await manager.streams.add({ name: 'DISPATCH', subjects: ['job.dispatch.>'], max_bytes: 1_000 });
    await expect(run()).rejects.toThrow(/stream DISPATCH: max_bytes is 1000, not 536870912/);
    expect((await manager.streams.info('DISPATCH')).config.max_bytes).toBe(1_000);
  });

  test('deletes the streams of earlier versions, which would answer in place of a service', async () => {
    await manager.streams.add({ name: 'RESULTS', subjects: ['job.result.>'] });
    await manager.streams.add({ name: 'STAGES', subjects: ['job.held.>'] });
    await run();
    const names = [];
    for await (const stream of manager.streams.list()) names.push(stream.config.name);
    expect(names.sort()).toEqual(['AUDIT', 'DISPATCH', 'INTAKE', 'KV_CONTROL']);
  });

  test('refuses an outbox that would not survive power loss', async () => {
    await run();
    const { config } = await manager.streams.info('INTAKE');
    await manager.streams.delete('INTAKE');
    await manager.streams.add({ ...config, persist_mode: 'async' });
    await expect(run()).rejects.toThrow(/stream INTAKE: persist_mode is "async", not unset/);
  });

  test('refuses a durable that differs, and one that nobody asked for', async () => {
    await run();
    await manager.consumers.update('INTAKE', 'ingress', { max_ack_pending: 1 });
    await expect(run()).rejects.toThrow(/consumer INTAKE\/ingress: max_ack_pending is 1, not 1000/);
    await manager.consumers.delete('INTAKE', 'ingress');
    await run();
    await manager.consumers.add('AUDIT', { durable_name: 'spy', ack_policy: AckPolicy.None });
    await expect(run()).rejects.toThrow(/consumer AUDIT\/spy is nobody's/);
  });
});

describe('renderNatsConfig', () => {
  const facts = { port: 4222, store_dir: '/data', server_version: '2.12.1' };
  const user = {
    name: 'one',
    account: SERVICES_ACCOUNT,
    nkey_public: 'U'.padEnd(56, 'A'),
    permissions: { publish: ['a'], subscribe: ['b'] },
  };

  test('refuses a server that ignores what the promises rest on', () => {
    expect(() => renderNatsConfig({ ...facts, server_version: '2.10.29', users: [user] })).toThrow(/2\.11\.0 or newer/);
  });

  test('refuses a user without a list, which would be allowed everything', () => {
    const unlisted = { ...user, permissions: { publish: [], subscribe: ['b'] } };
    expect(() => renderNatsConfig({ ...facts, users: [unlisted] })).toThrow(/one: an empty list/);
  });

  test('refuses a key that would end the entry early', () => {
    expect(() => renderNatsConfig({ ...facts, users: [{ ...user, nkey_public: 'U } }' }] })).toThrow(/nkey/);
  });

  test('listens on loopback unless told', () => {
    expect(renderNatsConfig({ ...facts, users: [user] })).toContain('listen: "127.0.0.1:4222"');
    expect(renderNatsConfig({ ...facts, host: '0.0.0.0', users: [user] })).toContain('listen: "0.0.0.0:4222"');
  });
});
