/** What dies is started again and said, what dies again and again is given up aloud, and what is let go stays dead. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { type GuardedProcess, spawnGuarded } from '@countersign/infra/spawn-guarded';
import { type Supervised, supervise } from '@countersign/infra/supervise';
import { waitUntil } from '@countersign/infra/wait-until';
import { afterEach, expect, inject, test } from 'vitest';

const owned = new AsyncDisposableStack();
const running: GuardedProcess[] = [];
afterEach(async () => {
  for (const process of running.splice(0)) await process.kill();
});

type Sleeper = Supervised & { current: GuardedProcess; starts: number; refuses?: string };

async function startSleeper(): Promise<Sleeper> {
  const dir = mkdtempSync(join(inject('test_stack').run_dir, 'supervise-'));
  const sleeper: Sleeper = {
    name: 'sleeper',
    current: undefined as never,
    starts: 0,
    ended: () => sleeper.current.exited,
    isRunning: () => sleeper.current.isRunning(),
    async start() {
      sleeper.starts += 1;
      if (sleeper.refuses) throw new Error(sleeper.refuses);
      sleeper.current = await spawnGuarded({
        name: 'sleeper',
        command: '/bin/sleep',
        args: ['1000'],
        log_path: join(dir, 'sleeper.log'),
        stop_signal: 'SIGTERM',
        grace_seconds: 5,
        env: {},
        cwd: dir,
      });
      running.push(sleeper.current);
    },
  };
  await sleeper.start();
  return sleeper;
}

function supervised(sleeper: Sleeper, excuse: () => string | undefined = () => undefined) {
  const said: string[] = [];
  const supervisor = supervise({ report: (line) => said.push(line), first_backoff_ms: 1, excuse });
  owned.defer(() => supervisor.letGo());
  supervisor.watch(sleeper);
  return { said, supervisor };
}

async function dieAndComeBack(sleeper: Sleeper): Promise<void> {
  const { starts } = sleeper;
  await sleeper.current.kill();
  await waitUntil('it runs again', () => sleeper.starts > starts && sleeper.isRunning());
}

test('what dies is started again, said in plain words and counted', async () => {
  const sleeper = await startSleeper();
  const { said, supervisor } = supervised(sleeper);
  await dieAndComeBack(sleeper);
  await waitUntil('it is said', () => said.length === 2);
  expect(said).toEqual(['sleeper died (SIGKILL); starting again', 'sleeper up again']);
  expect(supervisor.fates()).toEqual([{ name: 'sleeper', restarts: 1, given_up: false }]);
});

test('what dies again and again is given up aloud, and stays dead', async () => {
  const sleeper = await startSleeper();
  const { said, supervisor } = supervised(sleeper);
  for (let deaths = 0; deaths < 5; deaths += 1) await dieAndComeBack(sleeper);
  await sleeper.current.kill();
  await waitUntil('it is given up', () => supervisor.fates()[0]!.given_up);
  expect(said.some((line) => line.startsWith('GIVEN UP: sleeper died 6 times'))).toBe(true);
  expect(sleeper.starts).toBe(6);
});

test('a start that fails says why, counts as a death, and ends as one', async () => {
  const sleeper = await startSleeper();
  const { said, supervisor } = supervised(sleeper);
  sleeper.refuses = 'no such luck';
  await sleeper.current.kill();
  await waitUntil('it is given up', () => supervisor.fates()[0]!.given_up);
  expect(said).toContain('sleeper did not come up: no such luck');
});

test('while the disk is full nothing is given up, and it comes back with the space', async () => {
  const sleeper = await startSleeper();
  let full = true;
  const { said, supervisor } = supervised(sleeper, () => (full ? 'the disk is full' : undefined));
  sleeper.refuses = 'No space left on device';
  await sleeper.current.kill();
  await waitUntil('it was tried often', () => sleeper.starts > 20);
  expect(supervisor.fates()[0]!.given_up).toBe(false);
  expect(said[0]).toBe('sleeper died (SIGKILL), the disk is full; starting again');
  delete sleeper.refuses;
  full = false;
  await waitUntil('it runs again', () => sleeper.isRunning());
});

test('what was let go stays dead', async () => {
  const sleeper = await startSleeper();
  const { said, supervisor } = supervised(sleeper);
  supervisor.letGo();
  await sleeper.current.kill();
  await sleeper.current.exited;
  await new Promise((resolve) => setImmediate(resolve));
  expect({ said, starts: sleeper.starts }).toEqual({ said: [], starts: 1 });
});
