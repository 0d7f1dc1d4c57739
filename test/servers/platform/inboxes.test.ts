/**
 * Two instances under one key hear only what was sent to them: answers to their own questions, messages of their own
 * pulls. Everybody else on this server may listen anywhere, so the names alone must keep them apart.
 */

import { waitUntil } from '@countersign/infra/wait-until';
import type { Bus } from '@countersign/platform/bus';
import { createNatsKey } from '@countersign/platform/nats-key';
import { jetstream } from '@nats-io/jetstream';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type OpenNats, openNats } from './open-bus.ts';

let nats: OpenNats;
let twins: [Bus, Bus];
beforeAll(async () => {
  nats = await openNats();
  // A copy of the platform for each, as in two processes: whatever counts up starts anew in the second.
  vi.resetModules();
  const { connectBus } = await import('@countersign/platform/bus');
  const second = await connectBus({ servers: nats.server.url, nkey_seed: createNatsKey().seed, user: 'ingress' });
  twins = [await nats.bus('ingress'), second];
});
afterAll(async () => {
  await twins[1].close();
  await nats[Symbol.asyncDispose]();
});

test('an inbox is its own, below the prefix of its user, and nobody can guess it', () => {
  const inboxes = twins.map(({ connection }) => connection.inbox);
  // 32 random bytes, base64url.
  for (const inbox of inboxes) expect(inbox).toMatch(/^_INBOX_ingress\.[\w-]{43}$/);
  expect(inboxes[0]).not.toBe(inboxes[1]);
});

test('an answer reaches who asked, and nobody beside it', async () => {
  const heard: string[] = [];
  const spy = nats.peer.subscribe('_INBOX_ingress.>', { callback: (_, { subject }) => void heard.push(subject) });
  await nats.peer.flush();
  const audit = await nats.bus('audit');
  audit.serve('audit.record', async ({ job_id }) => {
    throw new Error(job_id);
  });
  await audit.connection.flush();
  const ask = (bus: Bus, job_id: string): Promise<unknown> =>
    bus.call('audit.record', { tenant: 'acme', job_id }).catch(() => undefined);
  await Promise.all(twins.flatMap((bus, i) => Array.from({ length: 50 }, (_, n) => ask(bus, `${i}-${n}`))));
  await nats.peer.flush();
  spy.unsubscribe();
  expect(heard).toHaveLength(100);
  expect(new Set(heard).size).toBe(100);
  await audit.close();
});

test('a message of a stream reaches one of those who pull, and is worked on once', async () => {
  await nats.makeQueue('shared');
  const got: string[] = [];
  const pulls = twins.map((bus) =>
    bus.pull({ stream: 'shared', durable: 'shared' }, (message) => {
      got.push(message.subject);
      message.ack();
    }),
  );
  for (const pull of pulls) pull.want(40);
  for (let i = 0; i < 40; i += 1) await jetstream(nats.peer).publish(`shared.m${i}`, '');
  await waitUntil('all are acknowledged', async () => {
    const { num_pending, num_ack_pending } = await nats.manager.consumers.info('shared', 'shared');
    return num_pending === 0 && num_ack_pending === 0;
  });
  // What had been delivered twice would be here before the answer to this.
  for (const { connection } of twins) await connection.flush();
  expect(got).toHaveLength(40);
  expect(new Set(got).size).toBe(40);
  for (const pull of pulls) pull.stop();
});
