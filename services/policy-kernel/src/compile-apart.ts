/**
 * Asks the thread that reads policies. When that thread ends, whoever waits is told that nothing could be read, and the
 * next question starts another.
 */
import { Worker } from 'node:worker_threads';
import { CountersignError } from '@countersign/contracts/errors';
import type { TrustRoot } from '@countersign/contracts/policy';
import type { BundleRefusal } from '@countersign/policy/bundle-faults';
import type { PackedPolicy } from '@countersign/policy/pack-policy';
import type { VerifiedBundle } from '@countersign/policy/verify-bundle';

export type Question =
  | { kind: 'bundle'; text: string; now: string; compile: boolean }
  | { kind: 'files'; files: Readonly<Record<string, string>>; snapshot: string };
/** A bundle without its files; null for files that are no bundle. `packed` null: it was not to be compiled. */
export type ReadPolicy =
  | { ok: true; bundle: Omit<VerifiedBundle, 'files'> | null; packed: PackedPolicy | null }
  | BundleRefusal;
export type Asked = { id: number; question: Question };

export type ReadingThread = { ask(question: Question): Promise<ReadPolicy>; stop(): Promise<void> };

export const startReading = (root: TrustRoot): ReadingThread => {
  const waiting = new Map<number, PromiseWithResolvers<ReadPolicy>>();
  let thread: Worker | null = null;
  let asked = 0;

  const start = (): Worker => {
    const started = new Worker(new URL('./compile-worker.ts', import.meta.url), { workerData: root });
    // A process that is done does not stay for it.
    started.unref();
    started.on('message', ({ id, answer }: { id: number; answer: ReadPolicy }) => {
      waiting.get(id)?.resolve(answer);
      waiting.delete(id);
    });
    // What it threw may quote a policy; that it ended is all that goes on.
    started.on('error', () => undefined);
    started.on('exit', () => {
      thread = null;
      const ended = new CountersignError('overloaded', 'the policy could not be read');
      for (const { reject } of waiting.values()) reject(ended);
      waiting.clear();
    });
    return started;
  };
  return {
    ask(question) {
      thread ??= start();
      asked += 1;
      const answer = Promise.withResolvers<ReadPolicy>();
      waiting.set(asked, answer);
      thread.postMessage({ id: asked, question } satisfies Asked);
      return answer.promise;
    },
    async stop() {
      await thread?.terminate();
    },
  };
};
