/**
 * Under the launcher's supervision every process may be killed while jobs flow, several at once as well: it comes back
 * without hands, the death is said and counted, and every promise is kept.
 */

import { waitUntil } from '@countersign/infra/wait-until';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SupervisedSystem, superviseSystem } from '../harness/supervise-system.ts';
import { startTrial, type Trial } from './trial.ts';

describe.each([
  { separate: true, replicas: 1 },
  { separate: false, replicas: 2 },
])('supervised, separate $separate, $replicas of each', (options) => {
  let trial: Trial;
  let supervised: SupervisedSystem;
  beforeAll(async () => {
    trial = await startTrial({ own_postgres: true, ...options });
    supervised = superviseSystem(trial.system);
  }, 120_000);
  afterAll(async () => {
    supervised?.[Symbol.dispose]();
    await trial?.[Symbol.asyncDispose]();
  });

  test('everything that dies at once comes back by itself', { timeout: 180_000 }, async () => {
    const { services, nats, postgres } = trial.system;
    const pids = [...services.processes.values(), nats, postgres!].map(({ pid }) => pid!);
    await trial.underLoad(async () => {
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      const again = () => supervised.fates().every(({ restarts }) => restarts >= 1);
      await waitUntil('everything was started again', again, { timeout_ms: 60_000 });
    });
    await trial.expectPromisesKept();
    expect(supervised.said).toContain('Postgres died (SIGKILL); starting again');
    expect(supervised.fates().filter(({ given_up }) => given_up)).toEqual([]);
  });
});
