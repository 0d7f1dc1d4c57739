/** `POST …/revoke` and what was revoked: through `control.revoke` alone, for good, with a reason. */
import type { REVOCABLE_KINDS } from '@countersign/contracts/control';
import { type RevocationView, registryQuery, revocationPage, revocationRequest } from '@countersign/contracts/identity';
import { LIMITS } from '@countersign/contracts/limits';
import type { Permission } from '@countersign/contracts/permissions';
import type { Bus } from '@countersign/platform/bus';
import type { Database, Tx } from '@countersign/platform/database';
import type { z } from 'zod';
import type { Caller } from '../caller.ts';
import { revokeIdentity } from '../revoke-identity.ts';
import { type Route, route } from '../route.ts';
import { changeControl, mustExist } from './change-registry.ts';
import { pageOf } from './pages.ts';
import { listRevocations } from './store-revocations.ts';

export type RegistryParts = { database: Database; bus: Pick<Bus, 'announceControl' | 'call'> };

type Revocable<P extends z.ZodObject> = {
  path: string;
  summary: string;
  permissions: readonly [Permission, ...Permission[]];
  params: P;
  /** The subject as it is shown, or nothing where the caller's tenant has none. */
  show: (tx: Tx, caller: Caller, params: z.output<P>) => Promise<object | undefined>;
  answer: z.ZodType;
  what: (typeof REVOCABLE_KINDS)[number];
  idOf: (params: z.output<P>) => string;
};

/** The same again changes nothing and answers the same. */
export function revokeRoute<P extends z.ZodObject>({ database, bus }: RegistryParts, given: Revocable<P>): Route {
  const { path, summary, permissions, params, show, what, idOf } = given;
  return route({
    method: 'post',
    path,
    summary,
    permissions,
    params,
    body: { schema: revocationRequest, limit: LIMITS.request_bytes },
    answers: { 200: { says: 'It counts for nothing any more', schema: given.answer } },
    gives: async ({ caller, params, body }) => {
      const { shown, revision } = await changeControl(database, caller, async (tx, by) => {
        mustExist(await show(tx, caller, params));
        const revision = await revokeIdentity(tx, { what, id: idOf(params), reason: body.reason, by_key: null, by });
        return { revision, shown: mustExist(await show(tx, caller, params)) };
      });
      bus.announceControl(revision);
      return shown;
    },
  });
}

export function revocationRoutes({ database }: RegistryParts): Route[] {
  return [
    route({
      method: 'get',
      path: '/revocations',
      summary: 'What was revoked, why and by whom; workers too for who may see those',
      permissions: ['identity:read'],
      query: registryQuery,
      answers: { 200: { says: 'One page', schema: revocationPage } },
      gives: async ({ caller, query }) => {
        const { tenant } = caller;
        const workers = caller.permissions.has('workers:read');
        const subjectOf = (row: RevocationView & { subject: string }): string => row.subject;
        const { rows, next_cursor } = await pageOf(
          query,
          (after, rows) => listRevocations(database, { tenant, workers, after, rows }),
          subjectOf,
        );
        const revocations = rows.map(({ subject: _, ...shown }) => shown);
        return { revocations, next_cursor };
      },
    }),
  ];
}
