/** SQL about who uses the bus. It reads and adds, and changes nothing. */
import type { BusUser } from '@countersign/contracts/bus-users';
import { CountersignError } from '@countersign/contracts/errors';
import type { BusUserView } from '@countersign/contracts/identity';
import type { Tx } from '@countersign/platform/database';

export type RegisteredUser = BusUser & {
  nkey: string;
  /** Of its account. */
  slot: number;
  /** Since the key itself, its worker or the principal that holds it was revoked; null when none of them was. */
  revoked_for_ms: number | null;
};
type Row = {
  nkey: string;
  kind: BusUser['kind'];
  pool: string | null;
  worker: string | null;
  tenant: string | null;
  slot: number;
  revoked_for_ms: number | null;
};

const FIND_USERS = `
SELECT u.nkey, u.kind, u.pool, u.worker, u.tenant, a.slot, (
    SELECT (extract(epoch FROM clock_timestamp() - min(r.revoked_at)) * 1000)::float8 FROM control.revocations r
     WHERE r.subject IN ('bus:' || u.nkey, 'worker:' || u.pool || '/' || u.worker, u.principal_id)) AS revoked_for_ms
  FROM (
    SELECT w.bus_key AS nkey, 'worker' AS kind, w.pool, w.worker, NULL AS tenant, NULL AS principal_id
      FROM identity.workers w WHERE w.bus_key = ANY ($1)
    UNION ALL
    SELECT b.nkey, b.kind, NULL, NULL, b.tenant, b.principal_id FROM identity.bus_users b WHERE b.nkey = ANY ($1)
  ) u
  JOIN identity.bus_accounts a
    ON a.kind = CASE u.kind WHEN 'worker' THEN 'pool' WHEN 'agent' THEN 'tenant' ELSE 'auditor' END
   AND a.owner = coalesce(u.pool, u.tenant)`;

type NewBusUser = {
  nkey: string;
  kind: 'agent' | 'auditor';
  tenant: string;
  /** Who holds the key alone: it ends with this principal. */
  principal: string | null;
};

const INSERT_USER = `
INSERT INTO identity.bus_users (nkey, kind, tenant, principal_id) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING RETURNING 1`;

const SHOWN = `
SELECT u.nkey, u.kind, u.tenant, u.principal_id AS principal, u.created_at, r.revoked_at
  FROM identity.bus_users u LEFT JOIN control.revocations r ON r.subject = 'bus:' || u.nkey`;

type BusUserPage = { tenant: string; after: string; rows: number };

const CHECK_VIOLATION = '23514';

/** By nkey; those whom nobody registered are absent. */
export async function findBusUsers(tx: Tx, nkeys: readonly string[]): Promise<Map<string, RegisteredUser>> {
  const rows = await tx.query<Row>(FIND_USERS, [nkeys]);
  return new Map(rows.map((row) => [row.nkey, row as RegisteredUser]));
}

/** Tenants whose agents may use the bus. */
export async function findDoors(tx: Tx): Promise<string[]> {
  return (await tx.query<{ owner: string }>("SELECT owner FROM identity.bus_accounts WHERE kind = 'tenant'")).map(
    ({ owner }) => owner,
  );
}

/**
 * Lets the key in from now on; true when it is new. Throws `identity_conflict` when it is another user's, and as
 * `openingAccount` does.
 */
export async function insertBusUser(tx: Tx, { nkey, kind, tenant, principal }: NewBusUser): Promise<boolean> {
  const inserted = await openingAccount(tx.query(INSERT_USER, [nkey, kind, tenant, principal]));
  if (inserted.length === 1) return true;
  const known = (await findBusUsers(tx, [nkey])).get(nkey);
  if (known?.kind !== kind || known.tenant !== tenant) throw taken();
  return false;
}

export async function readBusUser(tx: Tx, tenant: string, nkey: string): Promise<BusUserView | undefined> {
  return (await tx.query<BusUserView>(`${SHOWN} WHERE u.nkey = $1 AND u.tenant = $2`, [nkey, tenant]))[0];
}

export function listBusUsers(tx: Tx, { tenant, after, rows }: BusUserPage): Promise<BusUserView[]> {
  return tx.query<BusUserView>(`${SHOWN} WHERE u.tenant = $1 AND u.nkey > $2 ORDER BY u.nkey LIMIT $3`, [
    tenant,
    after,
    rows,
  ]);
}

/** Of the insertion that brings a user of the bus: throws `bus_full` when no account is left for a new pool or tenant, and `identity_conflict` when the key is a user's of another kind. */
export async function openingAccount<T>(insertion: Promise<T>): Promise<T> {
  try {
    return await insertion;
  } catch (thrown) {
    const { code, table } = thrown as { code?: unknown; table?: unknown };
    if (code === 'CS010') throw taken();
    if (code === CHECK_VIOLATION && table === 'bus_accounts') throw new CountersignError('bus_full');
    throw thrown;
  }
}

function taken() {
  return new CountersignError('identity_conflict', 'this key is registered for another user of the bus');
}
