/** Publishing to a stream: resolved means stored, and everything else means that nobody knows. */

import type { Bus } from '@countersign/platform/bus';
import { DiscardPolicy } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf } from '../../harness/code-of.ts';
import { type OpenNats, openNats } from './open-bus.ts';

let nats: OpenNats;
let bus: Bus;
beforeAll(async () => {
  nats = await openNats();
  bus = await nats.bus('scheduler');
  await nats.manager.streams.add({ name: 'kept', subjects: ['kept.>'] });
});
afterAll(() => nats[Symbol.asyncDispose]());

async function count(stream: string): Promise<number> {
  return (await nats.manager.streams.info(stream)).state.messages;
}

describe('a message', () => {
  test('is stored with its trace when publish returns', async () => {
    const before = await count('kept');
    await bus.publish('kept', 'kept.a', { n: 1 }, { traceparent: 'the trace', msg_id: 'first' });
    expect(await count('kept')).toBe(before + 1);
    const message = await nats.manager.streams.getMessage('kept', { last_by_subj: 'kept.a' });
    expect(message?.json()).toEqual({ n: 1 });
    expect(message?.header.get('traceparent')).toBe('the trace');
  });

  test('with the same id is stored once, and both publishers hear that it is', async () => {
    const before = await count('kept');
    await bus.publish('kept', 'kept.b', { n: 1 }, { msg_id: 'same' });
    await bus.publish('kept', 'kept.b', { n: 1 }, { msg_id: 'same' });
    expect(await count('kept')).toBe(before + 1);
    await bus.publish('kept', 'kept.b', { n: 1 }, { msg_id: 'other' });
    expect(await count('kept')).toBe(before + 2);
  });
});

describe('nothing is called stored', () => {
  test('when no stream takes the subject', async () => {
    expect(await codeOf(bus.publish('nowhere', 'nowhere.a', {}))).toBe('bus_unavailable');
  });

  test('when the stream is full', async () => {
    await nats.manager.streams.add({ name: 'full', subjects: ['full.>'], max_msgs: 1, discard: DiscardPolicy.New });
    await bus.publish('full', 'full.a', {});
    expect(await codeOf(bus.publish('full', 'full.b', {}))).toBe('bus_unavailable');
    expect(await count('full')).toBe(1);
  });

  test('when another stream has taken it', async () => {
    expect(await codeOf(bus.publish('other', 'kept.d', {}))).toBe('bus_unavailable');
  });

  test.each([
    '',
    'stored',
    'null',
    '{}',
    '[]',
    '{"ok":true}',
    '{"stream":"imposed"}',
    '{"stream":"kept","seq":1}',
    '{"stream":["imposed"],"seq":1}',
    '{"error":{}}',
  ])('when somebody who is no stream answers %s', async (answer) => {
    const subscription = nats.peer.subscribe('imposed.a', { callback: (_, message) => void message.respond(answer) });
    await nats.peer.flush();
    expect(await codeOf(bus.publish('imposed', 'imposed.a', {}))).toBe('bus_unavailable');
    subscription.unsubscribe();
  });
});
