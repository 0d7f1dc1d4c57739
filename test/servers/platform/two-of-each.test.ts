/**
 * Two instances of ingress and two of audit, each pair under one key, and two tenants who ask all at once: nobody hears a
 * byte that is another's. Each instance has its own copy of the platform, as in a process of its own.
 */

import type { Bus } from '@countersign/platform/bus';
import { createNatsKey } from '@countersign/platform/nats-key';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { shownEntry } from '../../harness/shown-entry.ts';
import { type OpenNats, openNats } from './open-bus.ts';

const TENANTS = ['acme', 'rival'] as const;
const ROUNDS = 1_000;

let nats: OpenNats;
const open: Bus[] = [];

async function connectCopy(user: string): Promise<Bus> {
  vi.resetModules();
  const { connectBus } = await import('@countersign/platform/bus');
  const bus = await connectBus({ servers: nats.server.url, nkey_seed: createNatsKey().seed, user });
  open.push(bus);
  return bus;
}
beforeAll(async () => {
  nats = await openNats();
});
afterAll(async () => {
  await Promise.all(open.map((bus) => bus.close()));
  await nats[Symbol.asyncDispose]();
});

/** An answer full of its tenant's secret, so that a foreign one is found wherever it stands. */
function entryOf(tenant: string, job_id: string) {
  return shownEntry(tenant, job_id, { body: `secret of ${tenant} ${job_id} `.repeat(20) });
}

test('every answer is whole and one’s own', async () => {
  const handled = [0, 0];
  for (const i of [0, 1]) {
    const audit = await connectCopy('audit');
    audit.serve('audit.timeline', async ({ tenant, job_id }) => {
      handled[i]! += 1;
      // Out of order, so that answers overtake each other.
      if (handled[i]! % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
      return { entries: [entryOf(tenant, job_id)] };
    });
    await audit.connection.flush();
  }
  const doors = [await connectCopy('ingress'), await connectCopy('ingress')];
  const questions = Array.from({ length: ROUNDS }, (_, n) =>
    doors.flatMap((door) => TENANTS.map((tenant) => ({ door, tenant, job_id: `j${n}` }))),
  ).flat();
  const answers = await Promise.all(
    questions.map(({ door, tenant, job_id }) =>
      door.call('audit.timeline', { tenant, job_id }, { timeout_ms: 20_000 }),
    ),
  );
  const foreign = questions.filter(({ tenant, job_id }, i) => {
    const text = JSON.stringify(answers[i]);
    return text !== JSON.stringify({ entries: [entryOf(tenant, job_id)] });
  });
  expect(foreign).toEqual([]);
  expect(handled[0]! + handled[1]!).toBeGreaterThanOrEqual(questions.length);
  expect(Math.min(...handled)).toBeGreaterThan(ROUNDS / 4);
});
