// A user adds a pool of their own to the development bundle's pools.yaml and starts again: the example's workers, who have
// none in it, start as before, and the pool has its place on the bus.
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { developmentEnv } from '@countersign/infra/development-env';
import { createDeskDatabase, exampleEnv, exampleWorkers } from '@countersign/infra/start-example';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { editPolicy } from '../harness/edit-policy.ts';
import { startSystem, type TestSystem } from '../harness/start-system.ts';
import { startWorker } from '../harness/start-worker.ts';
import { waitForEnd } from '../harness/wait-for-job.ts';

const POOL = vi.hoisted(() => 'my-pool');

/** As it is read from that pools.yaml at the start. */
vi.mock('@countersign/infra/development-roster', async (original) => {
  const actual = await original<typeof import('@countersign/infra/development-roster')>();
  const pools = [...actual.developmentPools(), POOL];
  const workers = pools.map((pool) => ({ pool, worker: actual.DEVELOPMENT_WORKER }));
  return { ...actual, developmentPools: () => pools, DEVELOPMENT_ROSTER: { ...actual.DEVELOPMENT_ROSTER, workers } };
});

const cleanUp = new AsyncDisposableStack();
let system: TestSystem;
beforeAll(async () => {
  const bundle_dir = editPolicy([
    'rules:\n',
    'rules:\n  - { id: mine, match: { topics: ["job.mine.*"] }, decision: allow, reason: of a pool of my own }\n',
  ]);
  appendFileSync(
    join(bundle_dir, 'pools.yaml'),
    `  - { id: ${POOL}, capabilities: [my.read], tenants: [default], concurrency: 1 }\n`,
  );
  system = cleanUp.use(await startSystem({ bundle_dir, own_postgres: true }));
}, 120_000);
afterAll(() => cleanUp.disposeAsync());

test('the example’s workers start, and the pool’s own worker gets its jobs', { timeout: 60_000 }, async () => {
  const env = developmentEnv(system.prepared, { url: system.url, metrics_url: '' });
  const given = exampleEnv(system.prepared, env, await createDeskDatabase(system.admin_url));
  expect(Object.keys(JSON.parse(given.WORKER_KEYS!))).toContain(POOL);
  mkdirSync(join(system.prepared.dir, 'logs'));
  const workers = exampleWorkers(system.prepared.dir, given);
  cleanUp.defer(() => workers.stop());
  await workers.start();
  expect(workers.isRunning()).toBe(true);

  cleanUp.use(await startWorker(system, POOL, () => ({ said: 'by my own worker' })));
  const request = { topic: 'job.mine.look', meta: { capability: 'my.read' } };
  const { status, body } = await system.api('agent', 'POST', '/api/v1/jobs', request);
  expect(status).toBe(202);
  expect((await waitForEnd(system, body.job_id)).state).toBe('succeeded');
});
