/**
 * Batches from a stream: shared, one at a time, given back whole when their handler throws, and at the end nothing is
 * lost and nothing is left hanging.
 */
import { waitUntil } from '@countersign/infra/wait-until';
import type { Bus, StreamMessage } from '@countersign/platform/bus';
import { jetstream } from '@nats-io/jetstream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OpenNats, openNats } from './open-bus.ts';

let nats: OpenNats;
beforeAll(async () => {
  nats = await openNats();
});
afterAll(() => nats[Symbol.asyncDispose]());

function fill(queue: string, count: number): Promise<unknown> {
  return Promise.all(Array.from({ length: count }, (_, i) => jetstream(nats.peer).publish(`${queue}.m${i}`, '{}')));
}

async function left(queue: string): Promise<number> {
  return (await nats.manager.streams.info(queue)).state.messages;
}

async function pendingIn(queue: string): Promise<number> {
  return (await nats.manager.consumers.info(queue, queue)).num_ack_pending;
}

function consume(bus: Bus, queue: string, batch: number, handle: (messages: StreamMessage[]) => Promise<void>) {
  return bus.consume({ stream: queue, durable: queue }, { batch, handle });
}

test('hands on batches, never larger than asked for and never two at a time, until all is done', async () => {
  await nats.makeQueue('batches');
  await fill('batches', 30);
  const bus = await nats.bus('scheduler');
  const sizes: number[] = [];
  const seen = new Set<string>();
  let running = 0;
  let most = 0;
  consume(bus, 'batches', 8, async (messages) => {
    running += 1;
    most = Math.max(most, running);
    // While the first batch is under way, so many wait that the next is whole.
    if (sizes.push(messages.length) === 1)
      await waitUntil('the next batch came', async () => (await pendingIn('batches')) >= 16);
    for (const message of messages) {
      seen.add(message.subject);
      message.ack();
    }
    await bus.connection.flush();
    running -= 1;
  });
  await waitUntil('all is done', async () => (await left('batches')) === 0);
  expect(seen.size).toBe(30);
  expect(sizes.reduce((sum, size) => sum + size)).toBe(30);
  expect(Math.max(...sizes)).toBe(8);
  expect(most).toBe(1);
  await bus.close();
});

test('a batch that throws goes back whole and comes again; the ones after it go on', async () => {
  await nats.makeQueue('thrown');
  await fill('thrown', 6);
  const bus = await nats.bus('scheduler');
  const tries: string[][] = [];
  consume(bus, 'thrown', 3, async (messages) => {
    tries.push(messages.map((message) => message.subject));
    if (tries.length === 1) throw new RangeError('a bug');
    for (const message of messages) message.ack();
  });
  await waitUntil('all is done', async () => (await left('thrown')) === 0);
  const later = tries.slice(1).flat();
  expect(later).toHaveLength(6);
  expect(later).toEqual(expect.arrayContaining(tries[0]!));
  await bus.close();
});

test('what waits for a slow batch does not come again while it is worked on', async () => {
  await nats.makeQueue('slow', 1_500);
  await fill('slow', 8);
  const bus = await nats.bus('scheduler');
  const seen: string[] = [];
  consume(bus, 'slow', 4, async (messages) => {
    seen.push(...messages.map(({ subject }) => subject));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    for (const message of messages) message.ack();
  });
  await waitUntil('all is done', async () => (await left('slow')) === 0);
  expect(seen.toSorted()).toEqual(Array.from({ length: 8 }, (_, i) => `slow.m${i}`));
  expect((await nats.manager.consumers.info('slow', 'slow')).delivered.consumer_seq).toBe(8);
  await bus.close();
});

test('closing waits for the batch under way and gives the rest back to who comes next', async () => {
  await nats.makeQueue('drain');
  await fill('drain', 10);
  const bus = await nats.bus('scheduler');
  const entered = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const handled: string[] = [];
  consume(bus, 'drain', 4, async (messages) => {
    entered.resolve();
    await gate.promise;
    for (const message of messages) {
      handled.push(message.subject);
      message.ack();
    }
  });
  await entered.promise;
  // More than the batch is here already, and waits behind it.
  await waitUntil('both batches came', async () => (await pendingIn('drain')) === 8);
  let closed = false;
  const closing = bus.close().then(() => {
    closed = true;
  });
  await nats.peer.flush();
  expect(closed).toBe(false);
  gate.resolve();
  await closing;
  const taken = handled.length;
  expect(taken).toBeLessThanOrEqual(4);
  // The server takes note of an acknowledgement a little after it came.
  await waitUntil('what was done is gone', async () => (await left('drain')) === 10 - taken);

  const next = await nats.bus('scheduler');
  consume(next, 'drain', 4, async (messages) => {
    for (const message of messages) {
      handled.push(message.subject);
      message.ack();
    }
  });
  await waitUntil('the next one has the rest', async () => (await left('drain')) === 0);
  expect(handled).toHaveLength(10);
  expect(new Set(handled).size).toBe(10);
  await next.close();
});

test('a handler that goes on after the bus closed does no harm', async () => {
  await nats.makeQueue('after');
  await fill('after', 1);
  const bus = await nats.bus('scheduler');
  const got = Promise.withResolvers<StreamMessage>();
  bus.pull({ stream: 'after', durable: 'after' }, got.resolve).want(1);
  const message = await got.promise;
  await bus.close();
  for (const answer of [() => message.ack(), () => message.nak(5), () => message.term()]) expect(answer).not.toThrow();
  expect(await left('after')).toBe(1);
});

test('what `control` announces reaches everybody who listens', async () => {
  const [one, two] = [await nats.bus('scheduler'), await nats.bus('ingress')];
  let heard = 0;
  two.onControl(() => {
    heard += 1;
  });
  await two.connection.flush();
  one.announceControl(7);
  await waitUntil('it is heard', () => heard === 1);
});
