import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { isAlive } from '@countersign/infra/process-identity';
import { waitUntil } from '@countersign/infra/wait-until';
import {
  ChildError,
  type ChildOptions,
  type ChildProcesses,
  openChildProcesses,
} from '@countersign/platform/child-processes';
import { afterEach, describe, expect, it } from 'vitest';

const opened: ChildProcesses<string, string>[] = [];

function open(options: Partial<ChildOptions> = {}) {
  const children = openChildProcesses<string, string>({
    module: new URL('./child-answers.ts', import.meta.url),
    processes: 1,
    queued: 8,
    deadline_ms: 30_000,
    memory_mb: 64,
    ...options,
  });
  opened.push(children);
  return children;
}

function faultOf(call: Promise<string>): Promise<unknown> {
  return call.then(
    () => 'answered',
    (thrown: unknown) => (thrown instanceof ChildError ? thrown.fault : thrown),
  );
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((children) => children.stop()));
});

describe('child processes', () => {
  it.each([
    ['throw', 'crash'],
    ['reject', 'crash'],
    ['exit', 'crash'],
    ['grow in steps', 'memory'],
    ['grow by one array', 'memory'],
    ['grow by parsing', 'memory'],
    ['grow by matching', 'memory'],
    ['grow by splitting', 'memory'],
    ['grow by a map', 'memory'],
  ])('a call that would %s fails as %s, and the next one is answered', async (wish, fault) => {
    const children = open();
    expect(await faultOf(children.run(wish))).toBe(fault);
    expect(await children.run('answer')).toBe('answer');
  });

  it('ends a call that hangs, and answers the one behind it', async () => {
    const children = open({ deadline_ms: 300 });
    const hangs = faultOf(children.run('hang'));
    const waits = children.run('answer');
    expect(await hangs).toBe('deadline');
    expect(await waits).toBe('answer');
  });

  it('says of a fault nothing that was thrown', async () => {
    const thrown = await open()
      .run('throw')
      .catch((error: Error) => `${error.message} ${error.stack} ${String(error.cause)}`);
    expect(thrown).not.toContain('holds content');
  });

  it('refuses what would wait behind too many', async () => {
    const children = open({ queued: 1 });
    const calls = ['answer', 'answer', 'answer'].map((wish) => faultOf(children.run(wish)));
    expect(await Promise.all(calls)).toEqual(['answered', 'answered', 'busy']);
  });

  it('hands on nothing of the environment but where compiled modules are kept', async () => {
    expect(Object.keys(process.env).length).toBeGreaterThan(3);
    expect(await open().run('environment')).toBe(process.env.NODE_COMPILE_CACHE ? 'NODE_COMPILE_CACHE' : '');
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'goes on answering when its whole group is sent %s',
    async (signal) => {
      const children = open();
      const pid = await children.run('pid');
      process.kill(Number(pid), signal);
      expect(await children.run('pid')).toBe(pid);
    },
  );

  it('starts another for one that died while it had nothing to do', async () => {
    const children = open();
    const pid = Number(await children.run('pid'));
    process.kill(pid, 'SIGKILL');
    await waitUntil('it is gone', () => !isAlive(pid));
    expect(await children.run('answer')).toBe('answer');
  });

  it('fails what runs when it is told to stop, and starts another when asked again', async () => {
    const children = open();
    const [runs, waits] = [faultOf(children.run('hang')), faultOf(children.run('answer'))];
    await children.stop();
    expect(await Promise.all([runs, waits])).toEqual(['memory', 'busy']);
    expect(await children.run('answer')).toBe('answer');
  });
});

describe('a child', () => {
  const startParent = async (how: 'hang' | 'done') => {
    const parent = spawn(process.execPath, [fileURLToPath(new URL('./child-parent.ts', import.meta.url)), how], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(parent, 'exit');
    const [line] = await once(parent.stdout, 'data');
    return { parent, exited, child: Number(String(line)) };
  };

  it('keeps nobody who is done, and goes with him', async () => {
    const { exited, child } = await startParent('done');
    expect((await exited)[0]).toBe(0);
    await waitUntil('the child is gone', () => !isAlive(child));
  });

  it('does not outlive a parent that was killed, even in a loop that never ends', async () => {
    const { parent, child } = await startParent('hang');
    parent.kill('SIGKILL');
    await waitUntil('the child is gone', () => !isAlive(child));
  });
});
