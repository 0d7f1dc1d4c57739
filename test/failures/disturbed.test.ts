/**
 * While jobs flow, a process hangs, or a wire to NATS or Postgres is cut, stalled, or swallows what goes over it; first of
 * one of two instances, then of both, which is what one alone would meet. Nothing accepted is lost, doubled or unproven, and
 * jobs flow again without hands.
 */
import { waitUntil } from '@countersign/infra/wait-until';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALL_SERVICES } from './check-system.ts';
import type { Load } from './client-load.ts';
import { startTrial, type Trial } from './trial.ts';

/** So many tries are made while it is disturbed: each is an answer heard, yes or not now. */
const TRIES = 8;
/** From this instance on: the last of two, then both. */
const FROM = [-1, 0];

let trial: Trial;
beforeAll(async () => {
  trial = await startTrial({ separate: true, own_postgres: true, replicas: 2, wired: true });
}, 120_000);
afterAll(() => trial?.[Symbol.asyncDispose]());

describe('disturbed under load', () => {
  const triesOf = (load: Load): number =>
    load.accepted.length + [...load.outages.values()].reduce((sum, count) => sum + count, 0);
  const whileTrying = async (load: Load): Promise<void> => {
    const before = triesOf(load);
    await waitUntil('clients have tried', () => triesOf(load) >= before + TRIES, { timeout_ms: 60_000 });
  };

  it.each(ALL_SERVICES)('%s hangs and goes on, one of two and both', { timeout: 180_000 }, async (service) => {
    for (const from of FROM) {
      await trial.underLoad(async (load, { services }) => {
        const pids = services
          .instancesOf(service)
          .slice(from)
          .map(({ pid }) => pid!);
        for (const pid of pids) process.kill(pid, 'SIGSTOP');
        try {
          await whileTrying(load);
        } finally {
          for (const pid of pids) process.kill(pid, 'SIGCONT');
        }
      });
    }
    await trial.expectPromisesKept();
  });

  it.each(
    (['nats', 'postgres'] as const).flatMap((to) =>
      (['cut', 'stall', 'swallow'] as const).map((fault) => [to, fault] as const),
    ),
  )('the wire to %s: %s, of one of two and of both', { timeout: 240_000 }, async (to, fault) => {
    for (const from of FROM) {
      await trial.underLoad(async (load, { wires }) => {
        const disturbed = wires.slice(from).map((each) => each[to]);
        for (const wire of disturbed) wire[fault]();
        try {
          await whileTrying(load);
        } finally {
          for (const wire of disturbed) wire.mend();
        }
      });
    }
    await trial.expectPromisesKept();
  });

  it('and every service is ready again by itself', { timeout: 120_000 }, async () => {
    const { health_urls } = trial.system.services;
    const answers = (): Promise<string[]> =>
      Promise.all(
        health_urls.map(async (url) => {
          const answer = await fetch(`${url}/readyz`);
          return `${answer.status} ${await answer.text()}`;
        }),
      );
    // What was swallowed last is given up after a statement's time, and a sweep that met it counts as late until it has run.
    await expect
      .poll(async () => (await answers()).filter((each) => !each.startsWith('200 ')), { timeout: 60_000 })
      .toEqual([]);
    expect(health_urls).toHaveLength(12);
  });
});
