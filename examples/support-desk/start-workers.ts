/** Starts the desk's workers, one for each pool, as any user of the worker package would. */
import { createWorker, type Worker } from '@countersign/worker/create-worker';
import type { Handle } from '@countersign/worker/worker-options';
import { z } from 'zod';
import { openDesk, prepareDesk } from './desk-database.ts';
import { handleDemo } from './handle-demo.ts';
import { handleDeploy } from './handle-deploy.ts';
import { handleDeskRead } from './handle-desk-read.ts';
import { handleDeskWrite } from './handle-desk-write.ts';
import { readEnv } from './read-env.ts';

const POOLS = ['demo-read', 'desk-read', 'desk-write', 'infra-prod-write'] as const;
const CONCURRENCY: Readonly<Record<(typeof POOLS)[number], number>> = {
  'demo-read': 8,
  'desk-read': 8,
  'desk-write': 4,
  'infra-prod-write': 1,
};

const workerKey = z.object({ worker: z.string(), nkey_seed: z.string(), signing_key: z.string() });

/** A pool of your own beside the example's has workers of your own. */
const workerKeys = z.object(Object.fromEntries(POOLS.map((pool) => [pool, workerKey])) as PoolKeys);
type PoolKeys = Record<(typeof POOLS)[number], typeof workerKey>;

const workersEnv = z.object({
  COUNTERSIGN_NATS_URL: z.string(),
  /** Base64url: the key whose warrants are obeyed. */
  SCHEDULER_PUBLIC_KEY: z.string(),
  /** JSON, by pool: `{ worker, nkey_seed, signing_key }`. */
  WORKER_KEYS: z.string().transform((text) => workerKeys.parse(JSON.parse(text))),
  DESK_DATABASE_URL: z.string(),
  /** Where deploys go; made when it isn't there. */
  DESK_RELEASE_DIR: z.string(),
});

/** Prepares the desk's database and resolves when every worker takes work. Throws an Error that names what is missing. */
export async function startWorkers(env: Readonly<Record<string, string | undefined>>): Promise<AsyncDisposable> {
  const settings = readEnv(workersEnv, env);
  await prepareDesk(settings.DESK_DATABASE_URL);
  const owned = new AsyncDisposableStack();
  const readable = owned.adopt(openDesk(settings.DESK_DATABASE_URL, 'read'), (pool) => pool.end());
  const writable = owned.adopt(openDesk(settings.DESK_DATABASE_URL, 'write'), (pool) => pool.end());
  const handles: Readonly<Record<(typeof POOLS)[number], Handle>> = {
    'demo-read': handleDemo(),
    'desk-read': handleDeskRead(readable),
    'desk-write': handleDeskWrite(writable),
    'infra-prod-write': handleDeploy(settings.DESK_RELEASE_DIR),
  };
  try {
    const workers = POOLS.map((pool): Worker => {
      const made = createWorker({
        servers: settings.COUNTERSIGN_NATS_URL,
        scheduler_public_keys: [settings.SCHEDULER_PUBLIC_KEY],
        pool,
        ...settings.WORKER_KEYS[pool],
        concurrency: CONCURRENCY[pool],
        handle: handles[pool],
      });
      return owned.use(made);
    });
    await Promise.all(workers.map((worker) => worker.start()));
    return owned;
  } catch (error) {
    await owned.disposeAsync();
    throw error;
  }
}
