/** A worker of a test's own, let in by its development keys. It is an ordinary user of the worker package. */

import { createWorker, type Worker } from '@countersign/worker/create-worker';
import type { Handle, WorkerOptions } from '@countersign/worker/worker-options';
import type { TestSystem } from './start-system.ts';
import { workerSettings } from './worker-settings.ts';

export async function startWorker(
  system: TestSystem,
  pool: string,
  handle: Handle,
  concurrency = 4,
  changes: Partial<WorkerOptions> = {},
): Promise<Worker> {
  const { keys, nats } = system;
  const worker = createWorker({
    ...workerSettings(keys, nats.url, pool),
    concurrency,
    handle,
    ...changes,
  });
  await worker.start();
  return worker;
}
