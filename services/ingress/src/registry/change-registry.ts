/**
 * How the registry changes: one transaction, in which the caller still counts, one change of a tenant at a time, and the
 * entry that says who did it. What names nothing of the caller's tenant is not found, whoever's it is.
 */
import { CountersignError } from '@countersign/contracts/errors';
import type { NewEntry } from '@countersign/contracts/ledger-entry';
import { refuseRevoked } from '@countersign/platform/control-gate';
import type { Database, Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import type { Caller } from '../caller.ts';
import type { By } from '../store.ts';
import { lockRegistry } from './store-registry.ts';

type Changed<R> = { answer: R; entries: readonly NewEntry[] };

/** `work` writes; its entries are appended behind it. Throws `revoked`, and whatever `work` throws. */
export function changeRegistry<R>(
  database: Database,
  caller: Caller,
  work: (tx: Tx) => Promise<Changed<R>>,
): Promise<R> {
  return database.transaction(async (tx) => {
    await lockRegistry(tx, caller.tenant);
    await refuseRevoked(tx, caller);
    const { answer, entries } = await work(tx);
    await append(tx, entries);
    return answer;
  });
}

/** For what goes through a function of `control`, which takes its lock, looks at the caller and appends by itself. */
export function changeControl<R>(database: Database, caller: Caller, work: (tx: Tx, by: By) => Promise<R>): Promise<R> {
  return database.transaction(async (tx) => {
    await lockRegistry(tx, caller.tenant);
    return work(tx, byOf(caller));
  });
}

export function byOf({ id, key_id, auth_method }: Caller): By {
  return { id, key_id, auth_method };
}

/** `id`: whose chain it is, of a tenant, a principal or a worker. */
export function entryOf(
  caller: Caller,
  kind: 'identity_created' | 'identity_changed' | 'entitlements_reviewed',
  id: string,
  details: { tenant: string | null } & Record<string, unknown>,
): NewEntry {
  const { id: actor, tenant: actor_tenant, auth_method, key_id: by_key } = caller;
  return {
    chain: `identity:${id}`,
    kind,
    tenant: details.tenant,
    topic: null,
    body: { ...details, actor, actor_tenant, auth_method, by_key },
  };
}

export function mustExist<T>(found: T | undefined): T {
  if (found === undefined) throw new CountersignError('not_found');
  return found;
}
