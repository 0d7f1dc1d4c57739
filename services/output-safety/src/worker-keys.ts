/** Public keys of workers, parsed once: parsing costs more than a verification. A key is never replaced, only revoked. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Tx } from '@countersign/platform/database';
import { readWorkerKey } from './store-shown.ts';

/** Null for a worker that the pool does not have. Whether it was revoked is asked anew in every transaction. */
export type WorkerKeys = (pool: string, worker: string) => Promise<KeyObject | null>;

/** Holds registered workers only, so the table of workers bounds it. */
export function openWorkerKeys(database: Tx): WorkerKeys {
  const known = new Map<string, KeyObject>();
  return async (pool, worker) => {
    const name = `${pool}/${worker}`;
    const cached = known.get(name);
    if (cached) return cached;
    const raw = await readWorkerKey(database, pool, worker);
    if (raw === null) return null;
    const key = toKey(raw);
    known.set(name, key);
    return key;
  };
}

/** RFC 8037, section 2. */
function toKey(raw: string): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw }, format: 'jwk' });
}
