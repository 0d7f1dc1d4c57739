/** SQL of the doors: whose credential this is, and what is registered. What changes is in `registry/store-registry.ts`. */
import type { Ceiling } from '@countersign/contracts/job';
import type { Tx } from '@countersign/platform/database';
import { routinesOf } from '@countersign/platform/routines';
import { openingAccount } from './store-bus.ts';
import type { Functions } from './tables.ts';

const routines = routinesOf<Functions>();

export type PrincipalRow = {
  id: string;
  tenant: string;
  type: 'agent' | 'human';
  owner: string | null;
  groups: string[];
  ceiling: Ceiling | null;
  signing_key: string | null;
  /** The signing key before, while it is still good. */
  former_key: string | null;
  revoked: boolean;
};
export type KeyRow = PrincipalRow & { key_id: string; permissions: string[]; expired: boolean };

/** Columns of `identity.principals p`. */
export const PRINCIPAL = `p.principal_id AS id, p.tenant, p.type, p.owner, p.groups, p.ceiling, p.signing_key,
  ${FORMER_KEY('p')}`;

const FIND_KEY = `SELECT ${PRINCIPAL}, k.key_id, k.permissions, ${IS_REVOKED('p.principal_id', "'key:' || k.key_id")},
    coalesce(k.expires_at <= clock_timestamp(), false) AS expired
  FROM identity.api_keys k JOIN identity.principals p USING (principal_id)
  WHERE k.key_sha256 = $1`;

const FIND_AGENT = `SELECT ${PRINCIPAL}, ${IS_REVOKED('p.principal_id')}
  FROM identity.principals p WHERE p.principal_id = $1 AND p.type = 'agent'`;

const FIND_WORKER = `SELECT w.public_key, ${FORMER_KEY('w')}, ${IS_REVOKED("'worker:' || w.pool || '/' || w.worker")}
  FROM identity.workers w WHERE w.pool = $1 AND w.worker = $2`;

const FIND_ENDED = `SELECT coalesce(
      (SELECT k.expires_at <= clock_timestamp() FROM identity.api_keys k WHERE k.key_id = r.key_id), false)
    OR (r.token_id IS NOT NULL AND NOT EXISTS (SELECT FROM identity.tokens t WHERE t.token_id = r.token_id
                                               AND t.expires_at > clock_timestamp()))
    OR (r.session IS NOT NULL AND NOT EXISTS (SELECT FROM identity.sessions s WHERE s.session_sha256 = decode(r.session, 'hex')
                                              AND s.expires_at > clock_timestamp()))
    OR EXISTS (SELECT FROM control.revocations v
               WHERE v.subject IN (r.principal_id, 'key:' || r.key_id, 'token:' || r.token_id)) AS ended
  FROM unnest($1::text[], $2::text[], $3::uuid[], $4::text[]) WITH ORDINALITY AS r (principal_id, key_id, token_id, session, place)
  ORDER BY r.place`;

type Reader = { id: string; key_id: string | null; token_id: string | null; session?: string };

type NewPrincipal = Omit<PrincipalRow, 'revoked' | 'former_key'>;
type WorkerRow = { public_key: string; former_key: string | null; revoked: boolean };

type NewKey = {
  key_id: string;
  key_sha256: Uint8Array;
  principal: string;
  permissions: readonly string[];
  /** An end that was named; else `days` from now, and never when both are null. */
  expires_at: string | null;
  days: number | null;
};

type NewWorker = {
  worker: string;
  pool: string;
  public_key: string;
  /** Its NATS user's; null for one that cannot connect. */
  bus_key: string | null;
};

/** As a door has authenticated it; all null for the service's own role. */
export type By = { key_id: string | null; id: string | null; auth_method: string | null };

/** Of a row of agents or workers. */
export function FORMER_KEY(row: string): string {
  return `CASE WHEN ${row}.former_key_until > clock_timestamp() THEN ${row}.former_key END AS former_key`;
}

export function IS_REVOKED(...subjects: string[]): string {
  return `EXISTS (SELECT FROM control.revocations r WHERE r.subject IN (${subjects.join(', ')})) AS revoked`;
}

export async function findKey(tx: Tx, keySha256: Uint8Array): Promise<KeyRow | undefined> {
  return (await tx.query<KeyRow>(FIND_KEY, [keySha256]))[0];
}

/** For each, in order: whether its credential may no longer be used. */
export async function findEnded(tx: Tx, readers: readonly Reader[]): Promise<boolean[]> {
  const columns = [
    readers.map(({ id }) => id),
    readers.map((r) => r.key_id),
    readers.map((r) => r.token_id),
    readers.map((r) => r.session ?? null),
  ];
  return (await tx.query<{ ended: boolean }>(FIND_ENDED, columns)).map(({ ended }) => ended);
}

export async function findAgent(tx: Tx, id: string): Promise<PrincipalRow | undefined> {
  return (await tx.query<PrincipalRow>(FIND_AGENT, [id]))[0];
}

export async function findWorker(
  tx: Tx,
  { pool, worker }: Pick<NewWorker, 'pool' | 'worker'>,
): Promise<WorkerRow | undefined> {
  return (await tx.query<WorkerRow>(FIND_WORKER, [pool, worker]))[0];
}

export function insertTenant(tx: Tx, tenant: string): Promise<boolean> {
  return insert(tx, 'INSERT INTO identity.tenants (tenant) VALUES ($1)', [tenant]);
}

export function insertPrincipal(tx: Tx, row: NewPrincipal): Promise<boolean> {
  return insert(
    tx,
    `INSERT INTO identity.principals (principal_id, tenant, type, owner, groups, ceiling, signing_key)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [
      row.id,
      row.tenant,
      row.type,
      row.owner,
      row.groups,
      row.ceiling === null ? null : JSON.stringify(row.ceiling),
      row.signing_key,
    ],
  );
}

/** Its end, when the row is new. */
export async function insertKey(tx: Tx, row: NewKey): Promise<{ expires_at: string | null } | undefined> {
  const [made] = await tx.query<{ expires_at: string | null }>(
    `INSERT INTO identity.api_keys (key_id, key_sha256, principal_id, permissions, expires_at, tenant)
     VALUES ($1, $2, $3, $4, coalesce($5::timestamptz, clock_timestamp() + make_interval(days => $6)),
       (SELECT tenant FROM identity.principals WHERE principal_id = $3))
     ON CONFLICT DO NOTHING RETURNING expires_at`,
    [row.key_id, row.key_sha256, row.principal, row.permissions, row.expires_at, row.days],
  );
  return made;
}

/** Throws as `openingAccount` does. */
export function insertWorker(tx: Tx, row: NewWorker): Promise<boolean> {
  return openingAccount(
    insert(tx, 'INSERT INTO identity.workers (worker, pool, public_key, bus_key) VALUES ($1, $2, $3, $4)', [
      row.worker,
      row.pool,
      row.public_key,
      row.bus_key,
    ]),
  );
}

/** True when a worker from before there were such keys is given its one. Throws likewise. */
export async function giveBusKey(tx: Tx, row: NewWorker): Promise<boolean> {
  const given = await openingAccount(
    tx.query(
      `UPDATE identity.workers SET bus_key = $4::text
        WHERE worker = $1 AND pool = $2 AND public_key = $3 AND bus_key IS NULL AND $4::text IS NOT NULL RETURNING 1`,
      [row.worker, row.pool, row.public_key, row.bus_key],
    ),
  );
  return given.length === 1;
}

/** True when it is new. One that had ended begins again. */
export async function insertGroup(tx: Tx, tenant: string, group: string): Promise<boolean> {
  return (
    (
      await tx.query(
        `INSERT INTO identity.groups (tenant, group_name) VALUES ($1, $2)
       ON CONFLICT (tenant, group_name) DO UPDATE SET ended_at = NULL WHERE groups.ended_at IS NOT NULL RETURNING 1`,
        [tenant, group],
      )
    ).length === 1
  );
}

/** Kind, id and reason. Returns the revision; raises what `control.revoke` lists. */
export async function revokeInControl(tx: Tx, asked: readonly [string, string, string], by: By): Promise<number> {
  return Number(await routines.answer(tx, 'control.revoke', ...asked, by.key_id, by.id, by.auth_method));
}

/** True when the row is new: what exists already stays as it is. */
async function insert(tx: Tx, text: string, params: readonly unknown[]): Promise<boolean> {
  return (await tx.query(`${text} ON CONFLICT DO NOTHING RETURNING 1`, params)).length === 1;
}
