import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { commandLineOf } from '@countersign/infra/process-identity';
import { waitUntil } from '@countersign/infra/wait-until';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { withClient } from '../../harness/build-template.ts';

// Containers are the engine's to keep; this is about processes.
const testProcesses = test.skipIf(inject('test_stack').kind === 'containers');
const LAUNCHER = new URL('./launch-stack.ts', import.meta.url).pathname;

type Launched = { kill: () => Promise<void>; stop: () => Promise<void>; admin_url: string; pids: number[] };

let dir: string;
let everStarted: number[];
beforeEach(() => {
  dir = mkdtempSync(join(inject('test_stack').run_dir, 'launcher-'));
  everStarted = [];
});
afterEach(() => {
  // What this test is about has failed if there is any left; it must not stay for the others.
  for (const pid of everStarted) if (commandLineOf(pid)?.includes(dir)) process.kill(pid, 'SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

testProcesses('a killed launcher leaves no process, and the next start finds the data', async () => {
  const first = await launch();
  await withClient(first.admin_url, (client) => client.query('create table kept (id int)'));
  await first.kill();
  await waitUntil('the servers are gone', () => first.pids.every((pid) => commandLineOf(pid) === undefined));

  const second = await launch();
  const seen = await withClient(second.admin_url, (client) => client.query('select count(*)::int as rows from kept'));
  expect(seen.rows).toEqual([{ rows: 0 }]);
  await second.stop();
  expect(second.pids.map(commandLineOf)).toEqual(second.pids.map(() => undefined));
});

testProcesses('a start right after the kill waits for the old servers instead of sharing their data', async () => {
  const first = await launch();
  await first.kill();
  const second = await launch();
  expect(first.pids.map(commandLineOf)).toEqual(first.pids.map(() => undefined));
  await second.stop();
});

async function launch(): Promise<Launched> {
  const child = spawn(process.execPath, [LAUNCHER, dir], {
    env: { ...process.env, NATS_SERVER: inject('test_stack').nats_binary!.path },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const [line] = await once(createInterface(child.stdout), 'line');
  const { admin_url, pids } = JSON.parse(line) as Pick<Launched, 'admin_url' | 'pids'>;
  everStarted.push(...pids);
  const end = async (ask: () => void): Promise<void> => {
    ask();
    await exited;
  };
  return { admin_url, pids, kill: () => end(() => child.kill('SIGKILL')), stop: () => end(() => child.stdin.end()) };
}
