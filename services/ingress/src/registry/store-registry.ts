/** SQL of the registry: what is shown of it, and what may change. Each change is in a transaction with its entry. */
import type {
  AgentView,
  GroupView,
  KeyView,
  PersonView,
  TenantView,
  WorkerView,
} from '@countersign/contracts/identity';
import type { Ceiling } from '@countersign/contracts/job';
import type { Tx } from '@countersign/platform/database';
import { routinesOf } from '@countersign/platform/routines';
import { type By, FORMER_KEY } from '../store.ts';
import type { Functions } from '../tables.ts';

const routines = routinesOf<Functions>();

/** A page starts after an id, in the order of ids; '' for the first. */
type PageOf = { tenant: string; after: string; rows: number };

const PRINCIPALS = `
  SELECT p.principal_id AS id, p.tenant, p.owner, p.groups, p.person, p.ceiling, p.signing_key, ${FORMER('p')},
    p.created_at, r.revoked_at,
    greatest(u.last_used_at, (SELECT max(ku.last_used_at) FROM identity.api_keys k
      JOIN identity.uses ku ON ku.subject = 'key:' || k.key_id WHERE k.principal_id = p.principal_id)) AS last_used_at
  FROM identity.principals p
  LEFT JOIN control.revocations r ON r.subject = p.principal_id
  LEFT JOIN identity.uses u ON u.subject = p.principal_id
  WHERE p.tenant = $1 AND p.type = $2`;
const LIST_PRINCIPALS = `${PRINCIPALS} AND p.principal_id > $3 ORDER BY p.principal_id LIMIT $4`;
const FIND_PRINCIPAL = `${PRINCIPALS} AND p.principal_id = $3`;

type Row = Omit<AgentView, 'owner' | 'ceiling'> & {
  owner: string | null;
  ceiling: Ceiling | null;
  groups: string[];
  person: string | null;
};

const GROUPS = 'SELECT g.group_name AS "group", g.tenant, g.created_at, g.ended_at FROM identity.groups g';

type Member = { id: string; groups: string[] };

const KEYS = `
  SELECT k.key_id, k.tenant, k.principal_id AS principal, k.permissions, k.expires_at, k.created_at, r.revoked_at,
    u.last_used_at, coalesce(k.expires_at <= clock_timestamp(), false) AS ended
  FROM identity.api_keys k
  LEFT JOIN control.revocations r ON r.subject = 'key:' || k.key_id
  LEFT JOIN identity.uses u ON u.subject = 'key:' || k.key_id
  WHERE k.tenant = $1`;
const LIST_KEYS = `${KEYS} AND k.key_id > $2 ORDER BY k.key_id LIMIT $3`;
const LIST_KEYS_OF = `${KEYS} AND k.key_id > $2 AND k.principal_id = $4 ORDER BY k.key_id LIMIT $3`;
const ENDING = `AND r.subject IS NULL AND k.expires_at > clock_timestamp()
  AND k.expires_at <= clock_timestamp() + make_interval(days => $4)`;
const LIST_ENDING = `${KEYS} AND k.key_id > $2 ${ENDING} ORDER BY k.key_id LIMIT $3`;
const LIST_ENDING_OF = `${KEYS} AND k.key_id > $2 ${ENDING} AND k.principal_id = $5 ORDER BY k.key_id LIMIT $3`;

type PageOfKeys = PageOf & { principal?: string | undefined; expiring_in_days?: number | undefined };

const WORKERS = `
  SELECT w.pool, w.worker, w.public_key, ${FORMER('w')}, w.bus_key, w.created_at, r.revoked_at
  FROM identity.workers w LEFT JOIN control.revocations r ON r.subject = 'worker:' || w.pool || '/' || w.worker`;
const LIST_WORKERS = `${WORKERS} WHERE (w.pool, w.worker) > ($1, $2) ORDER BY w.pool, w.worker LIMIT $3`;
const LIST_POOL = `${WORKERS} WHERE w.pool = $1 AND w.worker > $2 ORDER BY w.worker LIMIT $3`;
type PageOfWorkers = { pool?: string | undefined; after: { pool: string; worker: string }; rows: number };

const TENANTS = 'SELECT t.tenant, t.created_at FROM identity.tenants t';

export async function listAgents(tx: Tx, page: PageOf): Promise<AgentView[]> {
  return (await listed(tx, 'agent', page)).map(asAgent);
}

export async function listPeople(tx: Tx, page: PageOf): Promise<PersonView[]> {
  return (await listed(tx, 'human', page)).map(asPerson);
}

export async function readAgent(tx: Tx, tenant: string, id: string): Promise<AgentView | undefined> {
  const row = await found(tx, 'agent', tenant, id);
  return row && asAgent(row);
}

export async function readPerson(tx: Tx, tenant: string, id: string): Promise<PersonView | undefined> {
  const row = await found(tx, 'human', tenant, id);
  return row && asPerson(row);
}

/** One change of the tenant's registry at a time: who looks at what somebody holds must not be overtaken. */
export async function lockRegistry(tx: Tx, tenant: string): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock(1279607883, hashtext($1))', [tenant]);
}

export function setOwner(tx: Tx, id: string, owner: string): Promise<unknown> {
  return tx.query('UPDATE identity.principals SET owner = $2 WHERE principal_id = $1', [id, owner]);
}

/** At once: the one before counts for nothing any more, nor does one that is before that. */
export function setSigningKey(tx: Tx, id: string, signing_key: string | null): Promise<unknown> {
  return tx.query(
    `UPDATE identity.principals SET signing_key = $2, former_key = NULL, former_key_until = NULL WHERE principal_id = $1`,
    [id, signing_key],
  );
}

export function setGroups(tx: Tx, id: string, groups: readonly string[]): Promise<unknown> {
  return tx.query('UPDATE identity.principals SET groups = $2 WHERE principal_id = $1', [id, groups]);
}

export function setPerson(tx: Tx, id: string, person: string | null): Promise<unknown> {
  return tx.query('UPDATE identity.principals SET person = $2 WHERE principal_id = $1', [id, person]);
}

/** True when it is new: the provider has not vouched for this account by this subject before. */
export async function noteSubject(tx: Tx, id: string, oidc_subject: string): Promise<boolean> {
  const noted = await tx.query(
    `UPDATE identity.principals SET oidc_subject = $2
      WHERE principal_id = $1 AND oidc_subject IS DISTINCT FROM $2 RETURNING 1`,
    [id, oidc_subject],
  );
  return noted.length === 1;
}

/** Every account of the human behind this one, itself among them. */
export async function accountsOf(tx: Tx, id: string): Promise<string[]> {
  return (await tx.query<{ account: string }>('SELECT * FROM identity.accounts($1) AS account', [id])).map(
    ({ account }) => account,
  );
}

/** Returns the revision; raises what `control.change_ceiling` lists. */
export function changeCeiling(tx: Tx, agent: string, ceiling: Ceiling, by: By): Promise<number | null> {
  return routines.answer(
    tx,
    'control.change_ceiling',
    agent,
    JSON.stringify(ceiling),
    by.key_id,
    by.id,
    by.auth_method,
  );
}

export function listGroups(tx: Tx, { tenant, after, rows }: PageOf): Promise<GroupView[]> {
  return tx.query(`${GROUPS} WHERE g.tenant = $1 AND g.group_name > $2 ORDER BY g.group_name LIMIT $3`, [
    tenant,
    after,
    rows,
  ]);
}

export async function readGroup(tx: Tx, tenant: string, group: string): Promise<GroupView | undefined> {
  return (await tx.query<GroupView>(`${GROUPS} WHERE g.tenant = $1 AND g.group_name = $2`, [tenant, group]))[0];
}

/** Which of these can have members. */
export async function liveGroups(tx: Tx, tenant: string, groups: readonly string[]): Promise<string[]> {
  return (
    await tx.query<{ name: string }>(
      `SELECT group_name AS name FROM identity.groups
       WHERE tenant = $1 AND group_name = ANY ($2) AND ended_at IS NULL`,
      [tenant, groups],
    )
  ).map(({ name }) => name);
}

export function membersOf(tx: Tx, tenant: string, group: string): Promise<Member[]> {
  return tx.query(
    `SELECT p.principal_id AS id, p.groups FROM identity.principals p
     WHERE p.tenant = $1 AND p.type = 'human' AND $2 = ANY (p.groups)
       AND NOT EXISTS (SELECT FROM control.revocations r WHERE r.subject = p.principal_id)
     ORDER BY p.principal_id`,
    [tenant, group],
  );
}

export function endGroup(tx: Tx, tenant: string, group: string): Promise<unknown> {
  return tx.query('UPDATE identity.groups SET ended_at = clock_timestamp() WHERE tenant = $1 AND group_name = $2', [
    tenant,
    group,
  ]);
}

export function listKeys(tx: Tx, { tenant, after, rows, principal, expiring_in_days: days }: PageOfKeys) {
  const place = [tenant, after, rows];
  if (days === undefined && principal === undefined) return tx.query<KeyView>(LIST_KEYS, place);
  if (days === undefined) return tx.query<KeyView>(LIST_KEYS_OF, [...place, principal]);
  if (principal === undefined) return tx.query<KeyView>(LIST_ENDING, [...place, days]);
  return tx.query<KeyView>(LIST_ENDING_OF, [...place, days, principal]);
}

export async function readKey(tx: Tx, tenant: string, key_id: string): Promise<KeyView | undefined> {
  return (await tx.query<KeyView>(`${KEYS} AND k.key_id = $2`, [tenant, key_id]))[0];
}

/** What the keys of this person carry that have not ended. */
export async function heldPermissions(tx: Tx, principal: string): Promise<string[]> {
  return (
    await tx.query<{ permissions: string[] }>(
      `SELECT k.permissions FROM identity.api_keys k
       WHERE k.principal_id = ANY (ARRAY(SELECT identity.accounts($1))) AND coalesce(k.expires_at > clock_timestamp(), true)
         AND NOT EXISTS (SELECT FROM control.revocations r WHERE r.subject = 'key:' || k.key_id)`,
      [principal],
    )
  ).flatMap(({ permissions }) => permissions);
}

/** Never later than it ended before. */
export function endKeyIn(tx: Tx, key_id: string, minutes: number): Promise<unknown> {
  return tx.query(
    `UPDATE identity.api_keys SET expires_at = least(expires_at, clock_timestamp() + make_interval(mins => $2))
     WHERE key_id = $1`,
    [key_id, minutes],
  );
}

export function setPermissions(tx: Tx, key_id: string, permissions: readonly string[]): Promise<unknown> {
  return tx.query('UPDATE identity.api_keys SET permissions = $2 WHERE key_id = $1', [key_id, permissions]);
}

export function listWorkers(tx: Tx, { pool, after, rows }: PageOfWorkers): Promise<WorkerView[]> {
  return pool === undefined
    ? tx.query(LIST_WORKERS, [after.pool, after.worker, rows])
    : tx.query(LIST_POOL, [pool, after.worker, rows]);
}

export async function readWorker(tx: Tx, pool: string, worker: string): Promise<WorkerView | undefined> {
  return (await tx.query<WorkerView>(`${WORKERS} WHERE w.pool = $1 AND w.worker = $2`, [pool, worker]))[0];
}

export function listTenants(tx: Tx, after: string, rows: number): Promise<TenantView[]> {
  return tx.query(`${TENANTS} WHERE t.tenant > $1 ORDER BY t.tenant LIMIT $2`, [after, rows]);
}

export async function readTenant(tx: Tx, tenant: string): Promise<TenantView | undefined> {
  return (await tx.query<TenantView>(`${TENANTS} WHERE t.tenant = $1`, [tenant]))[0];
}

/** The key before and its end, while it is good. */
function FORMER(row: string): string {
  const until = `${row}.former_key_until`;
  return `${FORMER_KEY(row)}, CASE WHEN ${until} > clock_timestamp() THEN ${until} END AS former_key_until`;
}

function listed(tx: Tx, type: string, { tenant, after, rows }: PageOf): Promise<Row[]> {
  return tx.query<Row>(LIST_PRINCIPALS, [tenant, type, after, rows]);
}

function asAgent({ groups: _, person: __, ...row }: Row): AgentView {
  return row as AgentView;
}

function asPerson({ id, tenant, groups, person, created_at, revoked_at, last_used_at }: Row): PersonView {
  return { id, tenant, groups, person, created_at, revoked_at, last_used_at };
}

async function found(tx: Tx, type: string, tenant: string, id: string): Promise<Row | undefined> {
  return (await tx.query<Row>(FIND_PRINCIPAL, [tenant, type, id]))[0];
}
