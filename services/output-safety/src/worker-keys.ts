/** Public keys of workers, parsed: parsing costs more than a verification. One that was replaced is believed briefly. */
import type { KeyObject } from 'node:crypto';
import { LIMITS } from '@countersign/contracts/limits';
import type { Tx } from '@countersign/platform/database';
import { publicKeyOf } from '@countersign/platform/ed25519-keys';
import { rememberBriefly } from '@countersign/platform/remember-briefly';
import { readWorkerKeys } from './store-shown.ts';

/** None for a worker that the pool does not have. Whether it was revoked is asked anew in every transaction. */
export type WorkerKeys = (pool: string, worker: string) => Promise<readonly KeyObject[]>;

/** Each worker's keys are read once in `auth_cache_ms` at most, however many results it sends. */
export function openWorkerKeys(database: Tx): WorkerKeys {
  const known = rememberBriefly<readonly KeyObject[]>({
    ttl_ms: LIMITS.auth_cache_ms,
    max_entries: LIMITS.known_names,
  });
  return async (pool, worker) => {
    const found = await known(`${pool}/${worker}`, async () => {
      const raws = await readWorkerKeys(database, pool, worker);
      return raws.length === 0 ? undefined : raws.map(publicKeyOf);
    });
    return found ?? [];
  };
}
