/**
 * The packages as somebody gets them who has no checkout: tarballs installed into an empty folder, run by plain Node and
 * checked by the compiler there. The packed client submits a job to a real system, and the packed worker runs it.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { DEVELOPMENT_BUNDLE_DIR } from '@countersign/infra/development-roster';
import { packPackages } from '@countersign/infra/pack-packages';
import { PROJECT_DIR } from '@countersign/infra/project-folders';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startSystem, type TestSystem } from '../harness/start-system.ts';
import { workerSettings } from '../harness/worker-settings.ts';

const SET_UP_MS = 120_000;
const POOL = 'demo-read';

const WORKER = `
import { createWorker } from '@countersign/worker/create-worker';
const worker = createWorker({
  ...JSON.parse(process.env.WORKER),
  handle: (job) => ({ answer: 'up', prompt: job.prompt }),
});
await worker.start();
console.log('ready');
process.once('SIGTERM', () => worker.stop());
`;

const CLIENT = `
import { createClient } from '@countersign/client/create-client';
const client = createClient({ url: process.env.COUNTERSIGN_URL, api_key: process.env.COUNTERSIGN_API_KEY });
const submitted = await client.submit({ topic: 'job.demo.read', prompt: 'status' });
const job = await client.untilEnded(submitted.job_id);
console.log(JSON.stringify({ job, result: await client.result(submitted.job_id) }));
`;

const TYPED = `
import { createClient } from '@countersign/client/create-client';
import { createWorker } from '@countersign/worker/create-worker';
import { jobRequest } from '@countersign/contracts/job';
const client = createClient({ url: 'http://127.0.0.1:1', api_key: 'cs_' });
export const state: Promise<'succeeded' | string> = client.job('a').then((job) => job.state);
// @ts-expect-error a request has a topic
client.submit({ prompt: 'status' });
export const work = (options: Omit<Parameters<typeof createWorker>[0], 'handle'>) =>
  createWorker({ ...options, handle: (job) => job.topic.length });
export const topic: string = jobRequest.parse({ topic: 'job.demo.read' }).topic;
`;

const run = promisify(execFile);
const cleanUp = new AsyncDisposableStack();
let dir: string;
let system: TestSystem;

async function installPacked(): Promise<void> {
  const tarballs = await packPackages(join(dir, 'tarballs'));
  const dependencies = Object.fromEntries(Object.entries(tarballs).map(([name, path]) => [name, `file:${path}`]));
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }));
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', '--loglevel=error'];
  await run('npm', ['install', ...quiet], { cwd: dir });
}

beforeAll(async () => {
  dir = mkdtempSync(join(inject('test_stack').run_dir, 'packed-'));
  [system] = await Promise.all([startSystem().then((started) => cleanUp.use(started)), installPacked()]);
}, SET_UP_MS);
afterAll(() => cleanUp.disposeAsync());

/** What is compiled is kept beside it: in the next run these are other files. */
function shellEnv() {
  return { PATH: process.env.PATH!, NODE_COMPILE_CACHE: join(dir, 'compiled') };
}

function env() {
  return { ...shellEnv(), COUNTERSIGN_URL: system.url, COUNTERSIGN_API_KEY: system.keys.api_keys.agent };
}

async function startPackedWorker(): Promise<void> {
  const { keys, nats } = system;
  const worker = workerSettings(keys, nats.url, POOL);
  writeFileSync(join(dir, 'worker.js'), WORKER);
  const child = spawn(process.execPath, ['worker.js'], {
    cwd: dir,
    env: { ...env(), WORKER: JSON.stringify(worker) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanUp.defer(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  for await (const line of createInterface({ input: child.stdout! })) if (line === 'ready') return;
  throw new Error('the packed worker ended before it was ready');
}

test('the packed client submits a job that the packed worker runs', async () => {
  await startPackedWorker();
  writeFileSync(join(dir, 'client.js'), CLIENT);
  const { stdout } = await run(process.execPath, ['client.js'], { cwd: dir, env: env() });
  expect(JSON.parse(stdout)).toMatchObject({
    job: { topic: 'job.demo.read', state: 'succeeded' },
    result: { output: { answer: 'up', prompt: 'status' } },
  });
});

test('the packed command says what it can do, and submits', async () => {
  const command = join(dir, 'node_modules/.bin/countersign');
  expect((await run(command, ['--help'], { cwd: dir, env: env() })).stdout).toContain('Usage: countersign');
  const submit = ['jobs', 'submit', '--topic', 'job.demo.read', '--prompt', 'status', '--json'];
  const { stdout } = await run(command, submit, { cwd: dir, env: env() });
  expect(JSON.parse(stdout)).toMatchObject({ outcome: 'accepted', decision: 'allow' });
});

test('the packed command tests, builds and signs a policy without a server', async () => {
  const command = join(dir, 'node_modules/.bin/countersign');
  const policy = (...args: string[]) => run(command, ['policy', ...args, '--json'], { cwd: dir, env: shellEnv() });
  // Templates and schemas are in the packages, too.
  await policy('init', 'mine', '--template', 'four-tiers');
  expect(JSON.parse((await policy('test', 'mine')).stdout)).toMatchObject({ ok: true, failed: 0 });
  expect(readdirSync(join(dir, 'mine/.schemas'))).toContain('policy.schema.json');
  expect(JSON.parse((await policy('test', DEVELOPMENT_BUNDLE_DIR)).stdout)).toMatchObject({ ok: true, failed: 0 });
  await policy('keygen', 'packed');
  await policy('build', DEVELOPMENT_BUNDLE_DIR, '--version', '1', '--scope', '*', '--out', 'bundle.json');
  const { stdout } = await policy('sign', 'bundle.json', '--key-file', 'packed.pem');
  expect(JSON.parse(stdout)).toMatchObject({ version: 1, key_ids: ['packed'] });
});

test('types reach whoever imports the packages, and find mistakes', async () => {
  mkdirSync(join(dir, 'typed'));
  writeFileSync(join(dir, 'typed/main.ts'), TYPED);
  const options = [
    '--noEmit',
    '--strict',
    '--target',
    'es2024',
    '--module',
    'nodenext',
    '--types',
    'node',
    '--checkers',
    '1',
  ];
  const roots = ['--typeRoots', join(PROJECT_DIR, 'node_modules/@types')];
  const compiler = join(PROJECT_DIR, 'node_modules/typescript/bin/tsc');
  const { stdout } = await run(process.execPath, [compiler, ...options, ...roots, 'typed/main.ts'], { cwd: dir });
  expect(stdout).toBe('');
});

test('each package has its README, with what it is for', () => {
  const scope = join(dir, 'node_modules/@countersign');
  for (const name of readdirSync(scope))
    expect(readFileSync(join(scope, name, 'README.md'), 'utf8')).toMatch(
      new RegExp(`^# @countersign/${name}\\n\\n[A-Z]`),
    );
});

test('no source lies where Node would not run it', () => {
  const scope = join(dir, 'node_modules/@countersign');
  const files = readdirSync(scope, { recursive: true, encoding: 'utf8' });
  expect(files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))).toEqual([]);
  expect(files.filter((file) => file.endsWith('.js')).length).toBeGreaterThan(0);
});
