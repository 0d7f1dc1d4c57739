/**
 * The adapters of packages/python under the attack suite: each framework as it is installed, or a stand-in made from its
 * documented interface. TEST_PYTHON names an interpreter that has the framework.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PROJECT_DIR } from '@countersign/infra/project-folders';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  attackSuite,
  type Call,
  type Drive,
  type Driven,
  type Lacks,
  type MakeAdapter,
  type Shown,
} from '../../cases/adapters/attack-suite.ts';
import { type FakePlane, playPlane } from '../../cases/adapters/fake-plane.ts';
import { startFakeDoor } from '../worker/fake-door.ts';
import { POOL, WORKER } from '../worker/fake-scheduler.ts';
import { startPlaneDoor } from './plane-door.ts';

const PYTHON = process.env.TEST_PYTHON ?? 'python3';
const HERE = join(PROJECT_DIR, 'test/cases/adapters/python');
const PACKAGE = join(PROJECT_DIR, 'packages/python/src');
const READY = ['-c', 'import cryptography, sys; assert sys.version_info >= (3, 9)'];
const missing = spawnSync(PYTHON, READY, { stdio: 'ignore' }).status !== 0;

const planes = new Map<string, FakePlane>();
const waiting = new Map<number, (shown: Shown & { effects: unknown[] }) => void>();
let door: Awaited<ReturnType<typeof startPlaneDoor>>;
let child: ChildProcess;
let ids = 0;

beforeAll(async () => {
  if (missing) return;
  door = await startPlaneDoor((world) => planes.get(world)!);
  child = spawn(PYTHON, [join(HERE, 'drive.py'), PACKAGE, join(HERE, 'standins')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const { id, shown, effects } = JSON.parse(line);
    waiting.get(id)!({ ...shown, effects });
  });
});
afterAll(async () => {
  if (missing) return;
  child.stdin!.end();
  await once(child, 'exit');
  await door[Symbol.asyncDispose]();
});

type World = { drive: object; effects: unknown[] };

function begin(
  adapter: string,
  plane: FakePlane,
  { wait_ms = 0, cancel_on_abort = false, forged }: Drive,
  more = {},
): World {
  const world = `w${planes.size + 1}`;
  planes.set(world, plane);
  return {
    effects: [],
    drive: { world, adapter, url: `${door.url}/${world}`, wait_ms, cancel_on_abort, forged, ...more },
  };
}

async function callIn({ drive, effects }: World, { signal, ...call }: Call): Promise<Shown> {
  const id = ++ids;
  const answered = new Promise<Shown & { effects: unknown[] }>((resolve) => waiting.set(id, resolve));
  const say = (said: object) => child.stdin!.write(`${JSON.stringify(said)}\n`);
  say({ id, drive, call });
  signal?.addEventListener('abort', () => say({ abort: id }));
  const { effects: told, ...shown } = await answered;
  effects.splice(0, effects.length, ...told);
  return shown;
}

const makeOf =
  (adapter: string): MakeAdapter =>
  (plane, drive): Driven => {
    const world = begin(adapter, plane, drive);
    const { rewrite = (input) => input, retries = 0 } = drive;
    return {
      effects: world.effects,
      async call(call) {
        const asked = { ...call, input: rewrite(call.input) };
        let shown = await callIn(world, asked);
        for (let i = 0; i < retries && shown.error; i += 1) shown = await callIn(world, asked);
        return shown;
      },
    };
  };

const NO_IDS: Lacks = { call_ids: true };
const ADAPTERS: [string, Lacks][] = [
  ['langchain', {}],
  ['autogen tools', {}],
  ['autogen workbench', {}],
  ['governed', NO_IDS],
  ['crewai', { ...NO_IDS, abort: true }],
];

describe.skipIf(missing)(
  missing ? 'needs python3 and cryptography (Debian: python3 python3-cryptography)' : 'in Python',
  () => {
    for (const [adapter, lacks] of ADAPTERS) attackSuite(adapter, makeOf(adapter), lacks);

    test.each([
      ['the package itself, with its examples', 'test_package.py'],
      ['what people get wrong', 'test_wrong_input.py'],
    ])('%s', (_, file) => {
      const { status, stderr } = spawnSync(PYTHON, [join(HERE, file)], { encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, expect.stringMatching(/^Ran \d{2} tests/m)]);
    });

    test.each(['governed', 'crewai'])(
      '%s: the same arguments are one call until their output came, and then a new one',
      async (adapter) => {
        const plane = playPlane();
        plane.modes.set('shell', { is: 'hold' });
        const world = begin(adapter, plane, { wait_ms: 1 });
        const call = (command: string) => callIn(world, { run: 'r1', call_id: '', tool: 'shell', input: { command } });
        await call('ls');
        await call('rm');
        await call('ls');
        expect(new Set(plane.asked.map(({ key }) => key)).size).toBe(2);
        plane.approve();
        expect(await call('ls')).toEqual({ text: '{"ok":true}', error: false });
        expect((await call('ls')).text).toMatch(/^No result yet/);
        expect(plane.ran).toHaveLength(2);
        expect(world.effects).toEqual([]);
      },
    );

    test('local placement: runs here once it is claimed, with the input of the job, and shows what was released', async () => {
      await using stage = await startFakeDoor();
      const plane = playPlane();
      plane.modes.set('shell', { is: 'hold' });
      const worker_file = {
        url: stage.url,
        pool: POOL,
        worker: WORKER,
        signing_key: stage.worker_key.pem,
        scheduler_public_keys: [stage.signing.public_key],
      };
      const world = begin('langchain', plane, { wait_ms: 20_000 }, { door: worker_file });
      const shown = callIn(world, { run: 'r1', call_id: 'c1', tool: 'shell', input: { command: 'ls' } });
      await expect.poll(() => plane.asked.length).toBeGreaterThan(0);
      await stage.dispatch({ job_id: 'job-1', payload: { input: { command: 'ls -l' } } } as never);
      const [result] = await stage.until('a result', () => stage.results.length > 0 && stage.results);
      expect(result).toMatchObject({ status: 'succeeded', output: 'ran' });
      plane.approve();
      expect(await shown).toEqual({ text: '{"ok":true}', error: false });
      expect(world.effects).toEqual([{ command: 'ls -l' }]);
    });
  },
);
