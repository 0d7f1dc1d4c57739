// kill -9 each process in turn while jobs flow, then Postgres and NATS, then lose the whole JetStream store. Whatever
// was accepted ends once, nothing runs unproven or twice, and no chain has a gap.
import { rmSync } from 'node:fs';
import { prepareBusAndPolicy } from '@countersign/infra/development-environment';
import { waitUntil } from '@countersign/infra/wait-until';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSystem, type TestSystem } from '../harness/start-system.ts';
import { startWorker } from '../harness/start-worker.ts';
import { ALL_SERVICES, checkSystem, countOpen, type SideEffect } from './check-system.ts';
import { type Load, startLoad } from './client-load.ts';

let system: TestSystem;
const cleanUp = new AsyncDisposableStack();
const effects: SideEffect[] = [];
const loads: Load[] = [];

beforeAll(async () => {
  system = cleanUp.use(await startSystem({ separate: true, own_postgres: true }));
  const worker = await startWorker(system, 'demo-read', ({ job_id, dispatch_id }) => {
    effects.push({ job_id, dispatch_id });
    return { ok: true };
  });
  cleanUp.use(worker);
}, 120_000);
afterAll(() => cleanUp.disposeAsync());

const underLoad = async (disturb: () => Promise<void>): Promise<Load> => {
  const load = startLoad(system);
  loads.push(load);
  try {
    await waitUntil('jobs flow', () => load.accepted.length >= 10, { timeout_ms: 20_000 });
    await disturb();
    const before = load.accepted.length;
    await waitUntil('jobs flow again', () => load.accepted.length >= before + 10, { timeout_ms: 40_000 });
  } finally {
    await load.stop();
  }
  return load;
};

/** Long enough for a lost attempt's lease and its next attempt. */
const SETTLE_MS = 90_000;

const expectPromisesKept = async (): Promise<void> => {
  await waitUntil('every job ends', async () => (await countOpen(system)) === 0, {
    timeout_ms: SETTLE_MS,
    every_ms: 100,
  });
  expect(loads.flatMap((load) => load.strange)).toEqual([]);
  expect(
    await checkSystem(
      system,
      loads.flatMap((load) => load.accepted),
      effects,
    ),
  ).toEqual([]);
};

describe('kill -9 under load', () => {
  for (const service of ALL_SERVICES) {
    it(`${service} is killed and comes back`, { timeout: 180_000 }, async () => {
      const program = system.services.processes.get(service)!;
      await underLoad(async () => {
        await program.kill();
        await program.start();
      });
      await expectPromisesKept();
    });
  }

  it('Postgres is killed and comes back', { timeout: 180_000 }, async () => {
    await underLoad(async () => {
      await system.postgres!.kill();
      await system.postgres!.start();
    });
    await expectPromisesKept();
  });

  it('NATS is killed and comes back', { timeout: 180_000 }, async () => {
    await underLoad(async () => {
      await system.nats.kill();
      await system.nats.start();
    });
    await expectPromisesKept();
  });

  it('the JetStream store is deleted while everything is stopped', { timeout: 180_000 }, async () => {
    await underLoad(async () => {
      const programs = [...system.services.processes.values()];
      await Promise.all(programs.map((program) => program.kill()));
      await system.nats.stop();
      rmSync(system.nats.store_dir, { recursive: true, force: true });
      await system.nats.start();
      await prepareBusAndPolicy(system.prepared);
      await Promise.all(programs.map((program) => program.start()));
    });
    await expectPromisesKept();
  });
});
