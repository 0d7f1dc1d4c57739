// While jobs flow, a process hangs, or a wire to NATS or Postgres is cut, stalled, or swallows what goes over it; with
// one instance of each service and with two, of which one is disturbed. Nothing accepted is lost, doubled or unproven,
// and jobs flow again without hands.
import { waitUntil } from '@countersign/infra/wait-until';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALL_SERVICES } from './check-system.ts';
import type { Load } from './client-load.ts';
import { startTrial, type Trial } from './trial.ts';

/** So many tries are made while it is disturbed: each is an answer heard, yes or not now. */
const TRIES = 8;

describe.each([1, 2])('disturbed under load, with %i of every service', (replicas) => {
  let trial: Trial;
  beforeAll(async () => {
    trial = await startTrial({ separate: true, own_postgres: true, replicas, wired: true });
  }, 120_000);
  afterAll(() => trial?.[Symbol.asyncDispose]());

  const triesOf = (load: Load): number =>
    load.accepted.length + [...load.outages.values()].reduce((sum, count) => sum + count, 0);
  const whileTrying = async (load: Load): Promise<void> => {
    const before = triesOf(load);
    await waitUntil('clients have tried', () => triesOf(load) >= before + TRIES, { timeout_ms: 60_000 });
  };

  it.each(ALL_SERVICES)('%s hangs and goes on', { timeout: 180_000 }, async (service) => {
    const { pid } = trial.system.services.instancesOf(service).at(-1)!;
    await trial.underLoad(async (load) => {
      process.kill(pid!, 'SIGSTOP');
      try {
        await whileTrying(load);
      } finally {
        process.kill(pid!, 'SIGCONT');
      }
    });
    await trial.expectPromisesKept();
  });

  it.each([
    ['nats', 'cut'],
    ['nats', 'stall'],
    ['nats', 'swallow'],
    ['postgres', 'cut'],
    ['postgres', 'stall'],
    ['postgres', 'swallow'],
  ] as const)('the wire to %s: %s', { timeout: 180_000 }, async (to, fault) => {
    const wire = trial.system.wires![to];
    await trial.underLoad(async (load) => {
      wire[fault]();
      try {
        await whileTrying(load);
      } finally {
        wire.mend();
      }
    });
    await trial.expectPromisesKept();
  });

  it('and every service is ready again by itself', async () => {
    const ready = async (url: string) => (await fetch(`${url}/readyz`)).status === 200;
    const { health_urls } = trial.system.services;
    await waitUntil('every instance is ready', async () => (await Promise.all(health_urls.map(ready))).every(Boolean));
    expect(health_urls).toHaveLength(6 * replicas);
  });
});
