/** Starts a worker from the one file that `countersign workers add` wrote for it. */
import { type WorkerFile, workerFile } from '@countersign/contracts/worker-file';
import { processEnvironment } from '@countersign/platform/environment';
import { createWorker, type Worker } from './create-worker.ts';
import { readSecretFile } from './read-secret-file.ts';
import type { WorkerOptions } from './worker-options.ts';

export const WORKER_FILE = 'COUNTERSIGN_WORKER_FILE';

export type StartOptions = Pick<WorkerOptions, 'handle' | 'concurrency' | 'enforces' | 'log' | 'start_wait_ms'> & {
  /** Left out, the environment's COUNTERSIGN_WORKER_FILE names it. */
  file?: string;
};

/** Resolves when the worker takes work. Throws WorkerStartError, and TypeError for a file that is missing or no worker's. */
export async function startWorker({ file, ...options }: StartOptions): Promise<Worker> {
  const path = file ?? processEnvironment()[WORKER_FILE];
  if (path === undefined) throw new TypeError(`no worker file: give \`file\` or set ${WORKER_FILE}`);
  const worker = createWorker({ ...readWorkerFile(path), ...options });
  await worker.start();
  return worker;
}

export function readWorkerFile(path: string): WorkerFile {
  return readSecretFile(path, workerFile, 'worker file');
}
