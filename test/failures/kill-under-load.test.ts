/**
 * kill -9 each process in turn while jobs flow, then Postgres and NATS, then lose the whole JetStream store; of each service
 * one of two instances and then both, which is what one alone would meet. Whatever was accepted ends once, nothing runs
 * unproven or twice, and no chain has a gap.
 */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ASKED_RULE, COUNTED_RULE, editPolicy } from '../harness/edit-policy.ts';
import { shuffler } from '../harness/shuffler.ts';
import { actAtRandom, holdOne, settleHeld } from './act-at-random.ts';
import { ALL_SERVICES } from './check-system.ts';
import { startTrial, type Trial } from './trial.ts';

describe('kill -9 under load', () => {
  const seed = Date.now() % 2_147_483_647;
  const order = shuffler(seed);
  let trial: Trial;
  beforeAll(async () => {
    console.log(`seed of what people do meanwhile: ${seed}`);
    trial = await startTrial({
      separate: true,
      own_postgres: true,
      replicas: 2,
      bundle_dir: editPolicy(COUNTED_RULE, ASKED_RULE),
    });
  }, 120_000);
  afterAll(() => trial?.[Symbol.asyncDispose]());

  it.each(ALL_SERVICES)('%s is killed and comes back, one of two and both', { timeout: 180_000 }, async (service) => {
    // Of two, one: what it did not answer is the other's to answer, and what it held is the other's to find.
    for (const from of [-1, 0]) {
      await trial.underLoad(async (load, system) => {
        const held = await holdOne(system);
        load.accepted.push(held);
        const programs = system.services.instancesOf(service).slice(from);
        const crash = async () => {
          await Promise.all(programs.map((program) => program.kill()));
          await Promise.all(programs.map((program) => program.start()));
        };
        // Votes, cancel, kill switch, activation, expiry and revocation at once, and the crash among them.
        const round = `${service}${from}`;
        const [won] = await Promise.all([actAtRandom(system, held, { order, round }), crash()]);
        await settleHeld(system, held, won);
      });
    }
    await trial.expectPromisesKept();
  });

  it('Postgres is killed and comes back', { timeout: 180_000 }, async () => {
    await trial.underLoad(async (_load, { postgres }) => {
      await postgres!.kill();
      await postgres!.start();
    });
    await trial.expectPromisesKept();
  });

  it('NATS is killed and comes back', { timeout: 180_000 }, async () => {
    await trial.underLoad(async (_load, { nats }) => {
      await nats.kill();
      await nats.start();
    });
    await trial.expectPromisesKept();
  });

  it('the JetStream store is deleted while everything is stopped', { timeout: 180_000 }, async () => {
    await trial.underLoad(async (_load, { nats, services }) => {
      const programs = [...services.processes.values()];
      await Promise.all(programs.map((program) => program.kill()));
      await nats.stop();
      rmSync(nats.store_dir, { recursive: true, force: true });
      await nats.start();
      await Promise.all(programs.map((program) => program.start()));
    });
    await trial.expectPromisesKept();
  });

  it('and the limits, of which none let more through, had something to hold back', async () => {
    // The load of a busy machine may stay below them; so many at once do not.
    const counted = { topic: 'job.demo.read', prompt: 'status', labels: { counted: 'yes' } };
    await Promise.all(Array.from({ length: 40 }, () => trial.system.api('agent', 'POST', '/api/v1/jobs', counted)));
    const parked = await trial.system.sql(
      `SELECT FROM ledger.entries WHERE kind = 'job_admitted' AND body::jsonb ->> 'state' = 'parked' LIMIT 1`,
    );
    expect(parked).toHaveLength(1);
  });
});
