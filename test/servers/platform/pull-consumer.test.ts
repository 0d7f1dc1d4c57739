/**
 * Pulling: as many as there is room for and no more, answered one by one, through restarts of the server and losses of
 * the consumer, and nothing kept that came too late.
 */
import { waitUntil } from '@countersign/infra/wait-until';
import type { Bus } from '@countersign/platform/bus';
import type { Connection, Message } from '@countersign/platform/nats-connection';
import { openPull, type StreamMessage } from '@countersign/platform/pull-consumer';
import { jetstream } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenNats, openNats } from './open-bus.ts';

let nats: OpenNats;
let bus: Bus;
beforeAll(async () => {
  nats = await openNats();
  bus = await nats.bus('worker');
});
afterAll(() => nats[Symbol.asyncDispose]());

async function fill(queue: string, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await jetstream(nats.peer).publish(`${queue}.m${i}`, `{"n":${i}}`);
}

function infoOf(queue: string) {
  return nats.manager.consumers.info(queue, queue);
}

function pulling(queue: string, through = bus) {
  const got: StreamMessage[] = [];
  const pull = through.pull({ stream: queue, durable: queue }, (message) => void got.push(message));
  const until = (count: number) => waitUntil(`${count} messages came`, () => got.length >= count);
  return { got, pull, until };
}

describe('room', () => {
  test('is never exceeded, and what is wanted comes as soon as it is there', async () => {
    await nats.makeQueue('room');
    const { got, pull, until } = pulling('room');
    pull.want(3);
    await fill('room', 10);
    await until(3);
    await expect.poll(() => infoOf('room')).toMatchObject({ num_ack_pending: 3, num_pending: 7, num_waiting: 0 });
    pull.want(2);
    await until(5);
    await expect.poll(() => infoOf('room')).toMatchObject({ num_ack_pending: 5, num_pending: 5, num_waiting: 0 });
    expect(got.map((message) => message.subject)).toEqual([0, 1, 2, 3, 4].map((i) => `room.m${i}`));
    pull.stop();
  });

  test('that was asked for already is not asked for again', async () => {
    await nats.makeQueue('again');
    const { pull, until } = pulling('again');
    for (let i = 0; i < 20; i += 1) pull.want(2);
    await waitUntil('the pull is there', async () => (await infoOf('again')).num_waiting === 1);
    for (let i = 0; i < 20; i += 1) pull.want(2);
    await fill('again', 6);
    await until(2);
    // The server counts what is pending a moment after it has delivered.
    await expect.poll(() => infoOf('again')).toMatchObject({ num_ack_pending: 2, num_pending: 4, num_waiting: 0 });
    pull.stop();
  });
});

describe('a message', () => {
  test('is gone when acknowledged or given up, and comes again when handed back', async () => {
    await nats.makeQueue('answers');
    const { got, pull, until } = pulling('answers');
    pull.want(3);
    await fill('answers', 3);
    await until(3);
    expect(got.map((message) => message.json())).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
    got[0]!.ack();
    got[1]!.nak();
    got[2]!.term();
    pull.want(3);
    await until(4);
    expect(got[3]!.subject).toBe('answers.m1');
    const before = performance.now();
    got[3]!.nak(200);
    await until(5);
    expect(performance.now() - before).toBeGreaterThan(180);
    got[4]!.ack();
    await waitUntil('nothing is left', async () => (await nats.manager.streams.info('answers')).state.messages === 0);
    await expect.poll(async () => (await infoOf('answers')).num_ack_pending).toBe(0);
    expect(got).toHaveLength(5);
    pull.stop();
  });

  test('carries its trace and the time at which it was stored', async () => {
    await nats.makeQueue('facts');
    const { got, pull, until } = pulling('facts');
    await bus.publish('facts', 'facts.one', {}, { traceparent: 'the trace' });
    const stored = await nats.manager.streams.getMessage('facts', { seq: 1 });
    pull.want(1);
    await until(1);
    expect(got[0]!.traceparent).toBe('the trace');
    expect(got[0]!.stored_at).toBe(stored!.time.toISOString());
    pull.stop();
  });
});

describe('goes on', () => {
  test('after a restart of the server', async () => {
    await nats.makeQueue('restart');
    const { got, pull, until } = pulling('restart');
    pull.want(5);
    await fill('restart', 1);
    await until(1);
    await nats.server.kill();
    await nats.server.start();
    await waitUntil('the server is back', () =>
      bus.check().then(
        () => true,
        () => false,
      ),
    );
    await nats.peer.flush();
    await jetstream(nats.peer).publish('restart.after', '{}');
    // What was not acknowledged before the server died may come again as well.
    await waitUntil('the new one comes', () => got.some((message) => message.subject === 'restart.after'));
    pull.stop();
  });

  test('after the consumer was deleted and made again', async () => {
    await nats.makeQueue('remade');
    const { pull, until } = pulling('remade');
    pull.want(5);
    await waitUntil('the pull is there', async () => (await infoOf('remade')).num_waiting === 1);
    await nats.manager.consumers.delete('remade', 'remade');
    await fill('remade', 2);
    await nats.makeConsumer('remade');
    await until(2);
    expect((await infoOf('remade')).num_ack_pending).toBe(2);
    pull.stop();
  });

  test('when the consumer is made only later', async () => {
    const { pull, until } = pulling('later');
    pull.want(1);
    await nats.makeQueue('later');
    await fill('later', 1);
    await until(1);
    pull.stop();
  });
});

test('stopped, it gives back at once what still comes', async () => {
  await nats.makeQueue('late');
  const first = pulling('late');
  first.pull.want(5);
  await waitUntil('the pull is there', async () => (await infoOf('late')).num_waiting === 1);
  first.pull.stop();
  await fill('late', 2);
  const second = pulling('late');
  second.pull.want(5);
  await second.until(2);
  expect(first.got).toEqual([]);
  second.pull.stop();
});

describe('what the server says', () => {
  /** Plays the server on the other end of the connection. */
  const playServer = () => {
    const asked: number[] = [];
    let deliver: (message: Message) => void = () => {};
    const connection = {
      inbox: '_INBOX_worker',
      isConnected: () => true,
      onReconnect: () => {},
      subscribe: (_: string, __: null, handle: (message: Message) => void) => {
        deliver = handle;
        return () => {};
      },
      publish: (subject: string, data: string) => {
        if (subject.includes('MSG.NEXT')) asked.push((JSON.parse(data) as { batch: number }).batch);
      },
    } as unknown as Connection;
    const got: StreamMessage[] = [];
    const pull = openPull(connection, { stream: 'S', durable: 'd' }, (message) => got.push(message));
    const message = (over: Partial<Message>): Message => ({
      subject: 'job.a',
      reply: undefined,
      data: new Uint8Array(),
      headers: new Map(),
      status: 0,
      ...over,
    });
    return { asked, got, pull, say: (over: Partial<Message>) => deliver(message(over)) };
  };

  test.each([
    ['of old servers', '$JS.ACK.S.d.1.7.7.1700000000123456789.4'],
    ['with domain and account', '$JS.ACK.hub.ACC0UNTHASH.S.d.1.7.7.1700000000123456789.4.r4nd0m'],
    ['with domain and account, without a last token', '$JS.ACK._.ACC0UNTHASH.S.d.1.7.7.1700000000123456789.4'],
  ])('gives the time in the reply subject %s', (_, reply) => {
    const { got, pull, say } = playServer();
    pull.want(1);
    say({ reply });
    expect(got[0]!.stored_at).toBe('2023-11-14T22:13:20.123Z');
    pull.stop();
  });

  test('without a time a message is as old as can be, never new', () => {
    const { got, pull, say } = playServer();
    pull.want(1);
    say({ reply: 'job.forged' });
    expect(got[0]!.stored_at).toBe('1970-01-01T00:00:00.000Z');
    pull.stop();
  });

  test('of a pull that ran out: only what stayed undelivered is asked for again', async () => {
    const { asked, pull, say } = playServer();
    pull.want(5);
    await waitUntil('it asks', () => asked.length === 1);
    say({ reply: 'r' });
    say({ reply: 'r' });
    say({ status: 408, headers: new Map([['Nats-Pending-Messages', '3']]) });
    // Long before the guard would find that nothing comes.
    await waitUntil('it asks again', () => asked.length === 2);
    expect(asked).toEqual([5, 3]);
    pull.stop();
  });

  test('does not make it ask twice for the same room, also when the room grows', async () => {
    const { asked, pull } = playServer();
    pull.want(2);
    await waitUntil('it asks', () => asked.length === 1);
    pull.want(5);
    await waitUntil('it asks for the rest', () => asked.length === 2);
    expect(asked).toEqual([2, 3]);
    pull.stop();
  });

  test('a heartbeat is no message', () => {
    const { got, pull, say } = playServer();
    pull.want(1);
    say({ status: 100 });
    expect(got).toEqual([]);
    pull.stop();
  });
});
