/**
 * The child's side of `child-processes.ts`: answers each call, and ends with its parent, however that one ends. It says
 * nothing of what it threw.
 */
import { flushCompileCache } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { Reply } from './child-processes.ts';

/** Even a child whose loop hangs must not outlive its parent, so a thread of its own looks, every second. */
const WATCH = `const { workerData } = require('node:worker_threads');
setInterval(() => process.ppid === workerData || process.kill(process.pid, 'SIGKILL'), 1000);`;

/** For the module of a child. `answer` may throw: the caller hears that it crashed. */
export function answerAsChild<I, O>(answer: (input: I) => O | Promise<O>): void {
  const send = (reply: Reply<O>): void => void process.send!(reply);
  // Who stops a service may signal its whole group: what is being answered is still answered.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  process.on('disconnect', () => process.exit());
  new Worker(WATCH, { eval: true, workerData: process.ppid, resourceLimits: { maxYoungGenerationSizeMb: 1 } }).unref();
  process.on('message', async ({ input }: { input: I }) => {
    try {
      send({ ok: true, output: await answer(input) });
    } catch {
      send({ ok: false });
    }
  });
  send({ ready: true });
  // A child is killed, never ended in order: what it compiled is kept now or never.
  flushCompileCache();
}
