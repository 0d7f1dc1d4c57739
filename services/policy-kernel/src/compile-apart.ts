/**
 * Asks the thread that reads policies. When that thread ends, whoever's policy it read is told that nothing could be read,
 * and the next question starts another.
 */
import { Worker } from 'node:worker_threads';
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import type { TrustRoot } from '@countersign/contracts/policy';
import { openFairQueue } from '@countersign/platform/fair-queue';
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

export type ReadingThread = {
  /**
   * One after the other: the kernel's own questions first, then those that somebody asks for a tenant (`whose`), tenants in
   * turns. Throws `share_exceeded` and `overloaded` when too much waits, and `overloaded` when the thread ended over it.
   */
  ask(question: Question, whose?: string): Promise<ReadPolicy>;
  stop(): Promise<void>;
};

type Waiting = PromiseWithResolvers<ReadPolicy> & { question: Question; whose: string };

const unread = (): CountersignError => new CountersignError('overloaded', 'the policy could not be read');

export const startReading = (root: TrustRoot): ReadingThread => {
  const own: Waiting[] = [];
  const theirs = openFairQueue<Waiting>(LIMITS.waiting_policies, ({ whose }) => whose);
  let current: Waiting | null = null;
  let thread: Worker | null = null;
  let asked = 0;

  const next = (): void => {
    if (current !== null) return;
    current = own.shift() ?? theirs.take(1)[0] ?? null;
    if (current === null) return;
    thread ??= start();
    asked += 1;
    thread.postMessage({ id: asked, question: current.question } satisfies Asked);
  };
  const settle = (how: (waiting: Waiting) => void): void => {
    if (current !== null) how(current);
    current = null;
    next();
  };
  const start = (): Worker => {
    const started = new Worker(new URL('./compile-worker.ts', import.meta.url), { workerData: root });
    // A process that is done does not stay for it.
    started.unref();
    started.on('message', ({ answer }: { id: number; answer: ReadPolicy }) => settle(({ resolve }) => resolve(answer)));
    // Its error may quote a policy, so only the fact that it ended is passed on.
    started.on('error', () => undefined);
    started.on('exit', () => {
      thread = null;
      settle(({ reject }) => reject(unread()));
    });
    return started;
  };
  return {
    async ask(question, whose) {
      const waiting: Waiting = { ...Promise.withResolvers<ReadPolicy>(), question, whose: whose ?? '' };
      if (whose === undefined) own.push(waiting);
      else theirs.push(waiting);
      next();
      return waiting.promise;
    },
    async stop() {
      // Before the thread ends, or the next of them would start another.
      for (const { reject } of [...own.splice(0), ...theirs.take(theirs.size)]) reject(unread());
      await thread?.terminate();
    },
  };
};
