/**
 * A user's own pools: one in the development bundle's pools.yaml at the start, beside the example's, and one that comes with
 * a policy while all run, with a first worker added by command.
 */
import { appendFileSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '@countersign/cli/run-command';
import { developmentEnv } from '@countersign/infra/development-env';
import { createDeskDatabase, exampleEnv, exampleWorkers } from '@countersign/infra/start-example';
import { startWorker as startFromFile } from '@countersign/worker/start-worker';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { activateOverHttp, publishOverHttp, withPolicy } from '../harness/activate-policy.ts';
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

test('the example’s workers start, and the pool’s own worker gets its jobs', async () => {
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

/** As from a shell that has sourced `.dev/env`. */
async function countersign(...args: string[]): Promise<{ code: number; said: string }> {
  const env = developmentEnv(system.prepared, { url: system.url, metrics_url: '' });
  const given = ['--url', env.COUNTERSIGN_URL, '--tenant', env.COUNTERSIGN_TENANT, '--key', env.ADMIN_KEY, ...args];
  let [code, said] = [0, ''];
  const keep = (text: string): void => {
    said += text;
  };
  await runCommand(given, { write: keep, writeError: keep, exit: (each) => (code = each) });
  return { code, said };
}

test('a first worker of an own pool: one command, one file, and it survives a restart', {
  timeout: 90_000,
}, async () => {
  // The policy with the new pool and topic, as `countersign policy` publishes it.
  const files = withPolicy((policy) =>
    policy.replace(
      'rules:\n',
      'rules:\n  - { id: weather, match: { topics: ["job.weather.*"] }, decision: allow, reason: of a new pool }\n',
    ),
  );
  const pools = '  - { id: weather, capabilities: [weather.read], tenants: [default], concurrency: 1 }\n';
  await publishOverHttp(system, { ...files, 'pools.yaml': `${files['pools.yaml']}${pools}` }, 9_001);
  await activateOverHttp(system, 9_001);

  const file = join(system.prepared.dir, 'w9.json');
  const { keys, nats_url } = system.prepared;
  const told = ['--nats-url', nats_url, '--scheduler-key', keys.warrant.public_key];
  const add = (name: string, out: string) =>
    countersign('workers', 'add', '--pool', 'weather', '--name', name, '--out', out, ...told);
  expect(await add('w9', file)).toMatchObject({ code: 0, said: expect.stringContaining('weather/w9 is registered') });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const written = readFileSync(file, 'utf8');
  // Never overwritten; and a name that is taken leaves no file.
  expect((await add('w8', file)).code).toBe(2);
  expect(readFileSync(file, 'utf8')).toBe(written);
  const second = join(system.prepared.dir, 'again.json');
  expect(await add('w9', second)).toMatchObject({ code: 1, said: expect.stringContaining('identity_conflict') });
  expect(() => statSync(second)).toThrow();

  const run = async (said: string): Promise<void> => {
    await using _worker = await startFromFile({ file, handle: () => ({ said }) });
    const request = { topic: 'job.weather.today', meta: { capability: 'weather.read' } };
    const { status, body } = await system.api('agent', 'POST', '/api/v1/jobs', request);
    expect(status).toBe(202);
    expect((await waitForEnd(system, body.job_id)).state).toBe('succeeded');
  };
  await run('by the first worker');

  // As `npm start` again: the server with its configuration rendered anew, and every service.
  await Promise.all([...system.services.processes.values()].map((each) => each.stop()));
  await system.nats.stop();
  await system.nats.start();
  await Promise.all([...system.services.processes.values()].map((each) => each.start()));
  await run('after the restart');

  const revoked = await system.api('admin', 'POST', '/api/v1/workers/weather/w9/revoke', { reason: 'tried by a test' });
  expect(revoked.status).toBe(200);
  await expect(startFromFile({ file, handle: () => null, start_wait_ms: 0 })).rejects.toMatchObject({
    code: 'not_let_in',
  });
});
