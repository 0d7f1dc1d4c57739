// kill -9 each process in turn while jobs flow, then Postgres and NATS, then lose the whole JetStream store; with one
// instance of each service and with two. Whatever was accepted ends once, nothing runs unproven or twice, and no chain
// has a gap.
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { ALL_SERVICES } from './check-system.ts';
import { startTrial, type Trial } from './trial.ts';

describe.each([1, 2])('kill -9 under load, with %i of every service', (replicas) => {
  let trial: Trial;
  beforeAll(async () => {
    trial = await startTrial({ separate: true, own_postgres: true, replicas });
  }, 120_000);
  afterAll(() => trial?.[Symbol.asyncDispose]());

  it.each(ALL_SERVICES)('%s is killed and comes back', { timeout: 180_000 }, async (service) => {
    // Of two, one: what it did not answer is the other's to answer, and what it held is the other's to find.
    const program = trial.system.services.instancesOf(service).at(-1)!;
    await trial.underLoad(async () => {
      await program.kill();
      await program.start();
    });
    await trial.expectPromisesKept();
  });

  it('Postgres is killed and comes back', { timeout: 180_000 }, async () => {
    await trial.underLoad(async () => {
      await trial.system.postgres!.kill();
      await trial.system.postgres!.start();
    });
    await trial.expectPromisesKept();
  });

  it('NATS is killed and comes back', { timeout: 180_000 }, async () => {
    await trial.underLoad(async () => {
      await trial.system.nats.kill();
      await trial.system.nats.start();
    });
    await trial.expectPromisesKept();
  });

  it('the JetStream store is deleted while everything is stopped', { timeout: 180_000 }, async () => {
    const { nats, services } = trial.system;
    await trial.underLoad(async () => {
      const programs = [...services.processes.values()];
      await Promise.all(programs.map((program) => program.kill()));
      await nats.stop();
      rmSync(nats.store_dir, { recursive: true, force: true });
      await nats.start();
      await Promise.all(programs.map((program) => program.start()));
    });
    await trial.expectPromisesKept();
  });
});
