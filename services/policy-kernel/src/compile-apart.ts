/**
 * Asks the child process that reads policies. When that process ends, whoever's policy it read is told that nothing could be
 * read, and the next question starts another.
 */
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import type { TrustRoot } from '@countersign/contracts/policy';
import { ChildError, openChildProcesses } from '@countersign/platform/child-processes';
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
export type Asked = { root: TrustRoot; question: Question };

type Reading = {
  /**
   * One after the other: the kernel's own questions first, then those that somebody asks for a tenant (`whose`), tenants in
   * turns. Throws `share_exceeded` and `overloaded` when too much waits, and `overloaded` when the process ended over it.
   */
  ask(question: Question, whose?: string): Promise<ReadPolicy>;
  stop(): Promise<void>;
};

type Waiting = PromiseWithResolvers<ReadPolicy> & { question: Question; whose: string };

export function startReading(root: TrustRoot): Reading {
  const own: Waiting[] = [];
  const theirs = openFairQueue<Waiting>(LIMITS.waiting_policies, ({ whose }) => whose);
  const child = openChildProcesses<Asked, ReadPolicy>({
    module: new URL('./compile-child.ts', import.meta.url),
    processes: 1,
    queued: 1,
    deadline_ms: LIMITS.policy_reading_ms,
    memory_mb: LIMITS.policy_process_mb,
  });
  let busy = false;

  const next = async (): Promise<void> => {
    if (busy) return;
    const waiting = own.shift() ?? theirs.take(1)[0];
    if (waiting === undefined) return;
    busy = true;
    await child.run({ root, question: waiting.question }).then(waiting.resolve, (thrown: unknown) =>
      // Its error may quote a policy, so only the fact that it gave no answer is passed on.
      waiting.reject(thrown instanceof ChildError ? unread() : thrown),
    );
    busy = false;
    void next();
  };
  return {
    async ask(question, whose) {
      const waiting: Waiting = { ...Promise.withResolvers<ReadPolicy>(), question, whose: whose ?? '' };
      if (whose === undefined) own.push(waiting);
      else theirs.push(waiting);
      void next();
      return waiting.promise;
    },
    async stop() {
      // Before the process ends, or the next of them would start another.
      for (const { reject } of [...own.splice(0), ...theirs.take(theirs.size)]) reject(unread());
      await child.stop();
    },
  };
}

function unread(): CountersignError {
  return new CountersignError('overloaded', 'the policy could not be read');
}
