import { openThreads, ThreadError, type ThreadOptions, type Threads } from '@countersign/platform/threads';
import { afterEach, describe, expect, it } from 'vitest';

const opened: Threads<string, string>[] = [];
const open = (options: Partial<ThreadOptions> = {}) => {
  const threads = openThreads<string, string>({
    module: new URL('./threads-answers.ts', import.meta.url),
    threads: 1,
    queued: 8,
    deadline_ms: 30_000,
    memory_mb: 64,
    ...options,
  });
  opened.push(threads);
  return threads;
};
const faultOf = (call: Promise<string>): Promise<unknown> =>
  call.then(
    () => 'answered',
    (thrown: unknown) => (thrown instanceof ThreadError ? thrown.fault : thrown),
  );

afterEach(async () => {
  await Promise.all(opened.splice(0).map((threads) => threads.stop()));
});

describe('threads', () => {
  it.each([
    ['throw', 'crash'],
    ['exit', 'crash'],
    ['grow', 'memory'],
  ])('a call that would %s fails as %s, and the next one is answered', async (wish, fault) => {
    const threads = open();
    expect(await faultOf(threads.run(wish))).toBe(fault);
    expect(await threads.run('answer')).toBe('answer');
  });

  it('ends a call that hangs, and answers the one behind it', async () => {
    const threads = open({ deadline_ms: 300 });
    const hangs = faultOf(threads.run('hang'));
    const waits = threads.run('answer');
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
    const threads = open({ queued: 1, deadline_ms: 2_000 });
    const calls = ['answer', 'answer', 'answer'].map((wish) => faultOf(threads.run(wish)));
    expect(await Promise.all(calls)).toEqual(['answered', 'answered', 'busy']);
  });
});
