/** A worker of a test's own, let in by its development keys. It is an ordinary user of the worker package. */

import { workerUser } from '@countersign/contracts/subjects';
import { DEVELOPMENT_WORKER } from '@countersign/infra/development-roster';
import { createWorker, type Worker } from '@countersign/worker/create-worker';
import type { Handle, WorkerOptions } from '@countersign/worker/worker-options';
import type { TestSystem } from './start-system.ts';

export async function startWorker(
  system: TestSystem,
  pool: string,
  handle: Handle,
  concurrency = 4,
  changes: Partial<WorkerOptions> = {},
): Promise<Worker> {
  const { keys, nats } = system;
  const worker = createWorker({
    servers: nats.url,
    nkey_seed: keys.nats[workerUser(pool, DEVELOPMENT_WORKER)]!.seed,
    pool,
    worker: DEVELOPMENT_WORKER,
    signing_key: keys.worker_signing[`${pool}/${DEVELOPMENT_WORKER}`]!.private_pem,
    scheduler_public_keys: [keys.warrant.public_key],
    concurrency,
    handle,
    ...changes,
  });
  await worker.start();
  return worker;
}
