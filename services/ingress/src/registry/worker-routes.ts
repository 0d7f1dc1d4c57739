/** `/workers`: who runs jobs. A pool serves several tenants, so its workers are no tenant's own. */
import { CountersignError, isOutage } from '@countersign/contracts/errors';
import { newWorker, signingKeyRotation, workerPage, workerQuery, workerView } from '@countersign/contracts/identity';
import { LIMITS } from '@countersign/contracts/limits';
import { token } from '@countersign/contracts/names';
import { z } from 'zod';
import { type Route, route } from '../route.ts';
import { mustExist } from './change-registry.ts';
import { createWorker } from './change-workers.ts';
import { pageOf } from './pages.ts';
import { type RegistryParts, revokeRoute } from './revoke-routes.ts';
import { rotateWorkerKey } from './rotate-keys.ts';
import { listWorkers, readWorker } from './store-registry.ts';

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
      handle: async ({ query }) => {
        const { rows, next_cursor } = await pageOf(
          query,
          (name, rows) => {
            const [pool = '', worker = ''] = name.split('/');
            return listWorkers(parts.database, { pool: query.pool, after: { pool, worker }, rows });
          },
          ({ pool, worker }) => `${pool}/${worker}`,
        );
        const lastUse = await lastUses(parts.bus);
        return { status: 200, json: { workers: rows.map((row) => ({ ...row, ...lastUse(row) })), next_cursor } };
      },
    }),
    route({
      method: 'post',
      path: '/workers',
      summary: 'Register a worker of a pool with its public keys',
      permissions: ['workers:write'],
      body: { schema: newWorker, limit: LIMITS.request_bytes },
      answers: { 201: { says: 'Its results count from now on', schema: workerView } },
      handle: async ({ caller, body }) => ({ status: 201, json: await createWorker(parts.database, caller, body) }),
    }),
    route({
      method: 'get',
      path: '/workers/:pool/:worker',
      summary: 'A worker',
      permissions: ['workers:read'],
      params,
      answers: { 200: { says: 'The worker', schema: workerView } },
      handle: async ({ params }) => {
        const worker = mustExist(await readWorker(parts.database, params.pool, params.worker));
        return { status: 200, json: { ...worker, ...(await lastUses(parts.bus))(worker) } };
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
      handle: async ({ caller, params, body }) => ({
        status: 200,
        json: await rotateWorkerKey(parts.database, caller, params, body),
      }),
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

/** The registry is shown also while the scheduler, who knows it, is away. */
async function lastUses(bus: RegistryParts['bus']) {
  const answer = await bus.call('scheduler.worker_uses', {}).catch((thrown: unknown) => {
    if (thrown instanceof CountersignError && isOutage(thrown.code)) return null;
    throw thrown;
  });
  if (answer === null) return () => ({});
  const last = new Map(answer.uses.map((use) => [`${use.pool}/${use.worker}`, use.last_used_at]));
  return ({ pool, worker }: { pool: string; worker: string }) => ({
    last_used_at: last.get(`${pool}/${worker}`) ?? null,
  });
}
