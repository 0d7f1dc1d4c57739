/** Registers workers. Their private keys never come here; that the bus knows them follows from the row. */
import { CountersignError } from '@countersign/contracts/errors';
import type { newWorker, WorkerView } from '@countersign/contracts/identity';
import type { Database } from '@countersign/platform/database';
import type { z } from 'zod';
import type { Caller } from '../caller.ts';
import { insertWorker } from '../store.ts';
import { changeRegistry, entryOf, mustExist } from './change-registry.ts';
import { readWorker } from './store-registry.ts';

/** Throws `identity_conflict` for a name of the pool, or a key of any, that is taken. */
export function createWorker(
  database: Database,
  caller: Caller,
  given: Omit<z.output<typeof newWorker>, 'strict'>,
): Promise<WorkerView> {
  return changeRegistry(database, caller, async (tx) => {
    const { pool, worker } = given;
    if (!(await insertWorker(tx, given)))
      throw new CountersignError('identity_conflict', 'the name or one of the keys is taken', { at: '/worker' });
    const answer = mustExist(await readWorker(tx, pool, worker));
    return {
      answer,
      entries: [entryOf(caller, 'identity_created', worker, { what: 'worker', tenant: null, ...given })],
    };
  });
}
