/** Tells the plane by which record a worker over HTTP works, when it starts and whenever there is a newer one. */
import type { WorkerRecord } from '@countersign/contracts/worker';
import type { WorkerFile } from '@countersign/contracts/worker-file';
import { createLogger } from '@countersign/platform/logger';
import { openHttpDoor } from './http-door.ts';
import { sayHello } from './say-hello.ts';
import { readOptions } from './worker-options.ts';

/**
 * Resolves when no newer one was announced in its name before. Throws WorkerStartError, `record_not_newer` and
 * `scheduler_unavailable` among its codes; asks once.
 */
export async function announceRecord(file: WorkerFile & { url: string }, record: WorkerRecord): Promise<void> {
  const settings = readOptions({ ...file, start_wait_ms: 0, handle: () => null });
  const { pool, worker, signingKey } = settings;
  const log = createLogger('worker', 'silent');
  const bus = openHttpDoor({ url: file.url, pool, worker, signingKey, log });
  try {
    await sayHello({ bus, settings, mayNot: () => false, record, log });
  } finally {
    await bus.close();
  }
}
