/** `/workers`: who runs jobs. A pool serves several tenants, so its workers are no tenant's own. */
import { CountersignError, isOutage } from '@countersign/contracts/errors';
import { newWorker, signingKeyRotation, workerPage, workerQuery, workerView } from '@countersign/contracts/identity';
import { LIMITS } from '@countersign/contracts/limits';
import { token } from '@countersign/contracts/names';
import type { RpcAnswer } from '@countersign/contracts/rpc';
import { z } from 'zod';
import { type Route, route } from '../route.ts';
import { mustExist } from './change-registry.ts';
import { createWorker } from './change-workers.ts';
import { pageOf } from './pages.ts';
import { type RegistryParts, revokeRoute } from './revoke-routes.ts';
import { rotateWorkerKey } from './rotate-keys.ts';
import { listWorkers, readWorker } from './store-registry.ts';

type WorkerUses = RpcAnswer<'scheduler.worker_uses'>;

const params = z.strictObject({ pool: token, worker: token });

export function workerRoutes(parts: RegistryParts): Route[] {
  return [
    route({
      method: 'get',
      path: '/workers',
      summary: 'List workers, by pool and name',
      permissions: ['workers:read'],
      query: workerQuery,
      answers: { 200: { says: 'One page', schema: workerPage } },
      gives: async ({ query }) => {
        const { rows, next_cursor } = await pageOf(
          query,
          (name, rows) => {
            const [pool = '', worker = ''] = name.split('/');
            return listWorkers(parts.database, { pool: query.pool, after: { pool, worker }, rows });
          },
          ({ pool, worker }) => `${pool}/${worker}`,
        );
        const known = seenBy(await askUses(parts.bus));
        return { workers: rows.map((row) => ({ ...row, ...known(row) })), next_cursor };
      },
    }),
    route({
      method: 'post',
      path: '/workers',
      summary:
        'Register a worker of a pool with its public keys; `pool_active: false` says that no active policy has the pool',
      permissions: ['workers:write'],
      body: { schema: newWorker, limit: LIMITS.request_bytes },
      answers: { 201: { says: 'Its results count from now on', schema: workerView } },
      gives: async ({ caller, body: { strict, ...given } }) => {
        const uses = await askUses(parts.bus, strict);
        if (strict && !uses!.pools.includes(given.pool))
          throw new CountersignError('pool_unknown', undefined, { at: '/pool' });
        const made = await createWorker(parts.database, caller, given);
        return { ...made, ...seenBy(uses)(made) };
      },
    }),
    route({
      method: 'get',
      path: '/workers/:pool/:worker',
      summary: 'A worker',
      permissions: ['workers:read'],
      params,
      answers: { 200: { says: 'The worker', schema: workerView } },
      gives: async ({ params }) => {
        const worker = mustExist(await readWorker(parts.database, params.pool, params.worker));
        return { ...worker, ...seenBy(await askUses(parts.bus))(worker) };
      },
    }),
    route({
      method: 'post',
      path: '/workers/:pool/:worker/rotate',
      summary: 'Replace its signing key; the one before is good for the overlap, or, without a new key, ends sooner',
      permissions: ['workers:write'],
      params,
      body: { schema: signingKeyRotation, limit: LIMITS.request_bytes },
      answers: {
        200: { says: 'The worker with the key that counts, and the one before while it does', schema: workerView },
      },
      gives: ({ caller, params, body }) => rotateWorkerKey(parts.database, caller, params, body),
    }),
    revokeRoute(parts, {
      path: '/workers/:pool/:worker/revoke',
      summary: 'Revoke a worker: no claim, no lease and no result of it counts any more',
      permissions: ['workers:write'],
      params,
      answer: workerView,
      what: 'worker',
      idOf: ({ pool, worker }) => `${pool}/${worker}`,
      show: (tx, _, { pool, worker }) => readWorker(tx, pool, worker),
    }),
  ];
}

/** The registry is shown also while the scheduler, who knows it, is away: null then, unless it is needed. */
async function askUses(bus: RegistryParts['bus'], needed = false): Promise<WorkerUses | null> {
  return bus.call('scheduler.worker_uses', {}).catch((thrown: unknown) => {
    if (!needed && thrown instanceof CountersignError && isOutage(thrown.code)) return null;
    throw thrown;
  });
}

function seenBy(known: WorkerUses | null) {
  if (known === null) return () => ({});
  const nameOf = ({ pool, worker }: { pool: string; worker: string }): string => `${pool}/${worker}`;
  const used = new Map(known.uses.map((use) => [nameOf(use), use.last_used_at]));
  const seen = new Map(known.seen.map((each) => [nameOf(each), each.seen_at]));
  return (row: { pool: string; worker: string }) => ({
    last_used_at: used.get(nameOf(row)) ?? null,
    last_seen_at: seen.get(nameOf(row)) ?? null,
    pool_active: known.pools.includes(row.pool),
  });
}
