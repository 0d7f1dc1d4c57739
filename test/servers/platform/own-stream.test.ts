/**
 * A service's own stream on a real server: made, made again when it is lost, refused when it is another one, and not
 * ready meanwhile.
 */
import { DISPATCH, intakeConsumer, intakeStream, poolConsumer } from '@countersign/contracts/streams';
import type { Bus } from '@countersign/platform/bus';
import { ownStream, StreamDriftError } from '@countersign/platform/own-stream';
import type { OwnerContext } from '@countersign/platform/owner-context';
import { startSweep } from '@countersign/platform/sweep';
import { AckPolicy } from '@nats-io/jetstream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type OpenNats, openNats } from './open-bus.ts';

describe('an owner', () => {
  let nats: OpenNats;
  let bus: Bus;
  let stops: (() => Promise<void>)[];
  let checks: Map<string, () => Promise<void>>;
  let counted: Record<string, number>;
  let pools: string[];
  beforeEach(async () => {
    nats = await openNats();
    bus = await nats.bus('scheduler');
    [stops, checks, counted, pools] = [[], new Map(), {}, ['desk-read']];
  });
  afterEach(async () => {
    await Promise.all(stops.map((stop) => stop()));
    await nats[Symbol.asyncDispose]();
  });

  const own = (spec = DISPATCH, consumers = async () => pools.map(poolConsumer), isOwned = () => true) => {
    const context: OwnerContext = {
      bus,
      config: { START_WAIT_MS: 5_000 },
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      metrics: {
        count: (name) => {
          counted[name] = (counted[name] ?? 0) + 1;
        },
        set: (name, labels, value) => {
          counted[`${name} ${labels.fault}`] = value;
        },
      },
      ready: (name, check) => void checks.set(name, check),
      sweep(name, every, run) {
        const counting = async () => {
          await run();
          counted[`looked ${name}`] = (counted[`looked ${name}`] ?? 0) + 1;
        };
        const sweep = startSweep(every, counting, () => undefined);
        stops.push(() => sweep.stop());
        return sweep;
      },
    };
    return ownStream(context, spec, consumers, isOwned);
  };
  const isReady = async (): Promise<boolean> =>
    (await Promise.allSettled([...checks.values()].map((check) => check()))).every(
      ({ status }) => status === 'fulfilled',
    );
  const consumerOf = async (pool: string) =>
    (await nats.manager.consumers.info('DISPATCH', `pool-${pool}`).catch(() => null))?.config;
  const untilMade = (pool = 'desk-read') =>
    expect.poll(() => consumerOf(pool)).toMatchObject({ ack_policy: 'explicit' });

  test('makes its stream as declared, with its consumers, and finds them as they are the next time', async () => {
    await own();
    await own();
    const spec = DISPATCH;
    const { config } = await nats.manager.streams.info('DISPATCH');
    expect(config).toMatchObject({
      storage: 'file',
      retention: spec.retention,
      max_bytes: spec.max_bytes,
      discard: 'new',
    });
    expect(await consumerOf('desk-read')).toMatchObject({ filter_subject: 'job.dispatch.desk-read.>' });
    expect(await isReady()).toBe(true);
    expect(counted.streams_remade_total).toBeUndefined();
  });

  test('makes a stream again that was deleted, and says so', async () => {
    await own();
    await nats.manager.streams.delete('DISPATCH');
    // Refused, and so the owner looks at once; or made again already.
    await bus.publish('DISPATCH', 'job.dispatch.desk-read.acme.x', {}).catch(() => undefined);
    await untilMade();
    await bus.publish('DISPATCH', 'job.dispatch.desk-read.acme.x', {});
    expect(counted.streams_remade_total).toBe(2);
  });

  test('makes a consumer again that was deleted; what waits in the stream is delivered', async () => {
    await own();
    await bus.publish('DISPATCH', 'job.dispatch.desk-read.acme.x', { n: 1 });
    await nats.manager.consumers.delete('DISPATCH', 'pool-desk-read');
    const got: unknown[] = [];
    const pull = bus.pull({ stream: 'DISPATCH', durable: 'pool-desk-read' }, (message) => got.push(message.json()));
    pull.want(1);
    await untilMade();
    await expect.poll(() => got).toEqual([{ n: 1 }]);
  });

  test('makes the consumer of a pool that comes later, and keeps the one of a pool that left', async () => {
    const owner = await own();
    pools = ['infra'];
    owner.nudge();
    await untilMade('infra');
    expect(await consumerOf('desk-read')).toBeDefined();
    expect(await isReady()).toBe(true);
  });

  test('refuses to start on a stream that is another one, names the difference, and changes nothing', async () => {
    await nats.manager.streams.add({
      name: 'DISPATCH',
      subjects: ['job.dispatch.>', 'probe.dispatch'],
      max_bytes: 1_000,
    });
    await expect(own()).rejects.toThrow(/stream DISPATCH: max_bytes is 1000, not 536870912/);
    await expect(own()).rejects.toBeInstanceOf(StreamDriftError);
    expect((await nats.manager.streams.info('DISPATCH')).config.max_bytes).toBe(1_000);
  });

  test('is not ready on a consumer that drifts while it runs, and on one that is nobody’s', async () => {
    const owner = await own();
    await nats.manager.consumers.update('DISPATCH', 'pool-desk-read', { max_ack_pending: 1 });
    owner.nudge();
    await expect.poll(isReady).toBe(false);
    await expect(checks.get('stream DISPATCH')!()).rejects.toThrow(/pool-desk-read: max_ack_pending is 1, not 2000/);
    expect(counted['stream_faults missing']).toBe(1);
    await nats.manager.consumers.delete('DISPATCH', 'pool-desk-read');
    await expect.poll(isReady).toBe(true);
    await nats.manager.consumers.add('DISPATCH', {
      durable_name: 'spy',
      ack_policy: AckPolicy.Explicit,
      filter_subject: 'job.dispatch.other.>',
    });
    await expect.poll(isReady).toBe(false);
    await expect(checks.get('stream DISPATCH')!()).rejects.toThrow(/consumer DISPATCH\/spy is nobody's/);
  });

  test.each([
    [true, 'of one tenant is full is ready, and says so'],
    [false, 'of all is full is not ready'],
  ])('whose stream (a share: %s) %s', async (share) => {
    const spec = { ...intakeStream('acme'), max_bytes: 4_000, share };
    await own(spec, async () => [intakeConsumer('acme')]);
    for (const size of [1_000, 100, 0]) {
      const text = JSON.stringify('x'.repeat(size));
      for (let refused = false; !refused; ) {
        const stored = bus.publish(spec.name, 'job.submit.acme.x', [text]);
        refused = await stored.then(
          () => false,
          () => true,
        );
      }
    }
    // The probe of a new owner tells, not what the first one found.
    counted = {};
    const owner = await own(spec, async () => [intakeConsumer('acme')]);
    owner.nudge();
    await expect.poll(() => counted['stream_faults write']).toBe(share ? 0 : 1);
    expect(counted['stream_faults full']).toBe(share ? 1 : undefined);
    expect(await isReady()).toBe(share);
  });

  test('whose stream is taken from it makes nothing again and stays ready, until it is given back', async () => {
    let owned = true;
    const owner = await own(
      intakeStream('acme'),
      async () => [intakeConsumer('acme')],
      () => owned,
    );
    const { name } = intakeStream('acme');
    await expect.poll(() => counted['stream_faults write']).toBe(0);
    owned = false;
    await nats.manager.streams.delete(name);
    const looks = counted[`looked stream ${name}`] ?? 0;
    owner.nudge();
    await expect.poll(() => counted[`looked stream ${name}`]).toBeGreaterThan(looks + 1);
    await expect(nats.manager.streams.info(name)).rejects.toThrow(/not found/);
    expect(await isReady()).toBe(true);
    owned = true;
    owner.nudge();
    await expect.poll(() => nats.manager.streams.info(name).catch(() => null)).not.toBeNull();
  });

  test('is not ready while the stream stores nothing although it answers, and leaves no trace of looking', async () => {
    await own();
    await expect.poll(async () => counted['stream_faults write']).toBe(0);
    await expect.poll(async () => (await nats.manager.streams.info('DISPATCH')).state.messages).toBe(0);
    expect(await isReady()).toBe(true);
  });
});
