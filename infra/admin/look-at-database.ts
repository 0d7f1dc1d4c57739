/**
 * Says whether a Postgres may become this system's, or is it already. It changes nothing, and never tells a password.
 */

import pg from 'pg';
import { LOGIN_ROLES } from '../postgres/roles.ts';
import { SetUpError } from '../set-up-error.ts';

/** Oldest Postgres that it is tried on. */
export const MIN_POSTGRES = 16;
const SCHEMAS = ['control', 'ledger', 'identity', 'policy', 'scheduler', 'approval', 'output'];

const LOOK = `
SELECT current_setting('server_version_num')::int / 10000 AS version,
  (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
  EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = 'public' AND c.relname = 'countersign_migrations') AS migrated,
  ARRAY(SELECT nspname::text FROM pg_namespace WHERE nspname = ANY ($1)) AS schemas,
  ARRAY(SELECT rolname::text FROM pg_roles WHERE rolname = ANY ($2)) AS roles`;
type Found = { version: number; superuser: boolean; migrated: boolean; schemas: string[]; roles: string[] };

/**
 * `passwords`: by login role, as this system keeps them; null when it is to be made. Throws SetUpError for a database or
 * cluster that is another system's: its roles would get other passwords, and its services would be locked out.
 */
export async function requireOwnOrEmpty(
  database_url: string,
  passwords: Readonly<Record<string, string>> | null,
): Promise<void> {
  const where = placeOf(database_url);
  const found = await look(database_url, where);
  if (found.version < MIN_POSTGRES)
    throw new SetUpError(`${where} is Postgres ${found.version}; ${MIN_POSTGRES} or newer is needed.`);
  if (!found.superuser) throw new SetUpError(`${where}: the role is no superuser; making roles and schemas needs one.`);
  if (!found.migrated && found.schemas.length > 0)
    throw new SetUpError(
      `${where} is no database of Countersign and has schemas of the same names: ${found.schemas.join(', ')}. Nothing was changed. Give an empty database.`,
    );
  if (passwords === null) {
    if (found.migrated || found.roles.length > 0)
      throw new SetUpError(
        `${where} belongs to a system already (${found.migrated ? 'its tables' : 'its roles'} are there), and this folder holds no keys of it. Nothing was changed. Give the folder that it was made with, or another cluster: roles belong to all of it.`,
      );
    return;
  }
  for (const role of found.roles) await requireLogin(database_url, where, role, passwords[role] ?? '');
}

/** Whether this is a database of a system. Throws SetUpError where it does not answer. */
export async function isMigrated(database_url: string): Promise<boolean> {
  return (await look(database_url, placeOf(database_url))).migrated;
}

/** Without user and password. */
function placeOf(database_url: string): string {
  const url = URL.parse(database_url);
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol))
    throw new SetUpError('--database-url must be a postgres:// address of a superuser');
  return `${url.host}${url.pathname}`;
}

async function look(connectionString: string, where: string): Promise<Found> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
    const { rows } = await client.query<Found>(LOOK, [SCHEMAS, LOGIN_ROLES]);
    return rows[0]!;
  } catch (thrown) {
    throw new SetUpError(`${where} does not answer as it should: ${(thrown as Error).message}`);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function requireLogin(database_url: string, where: string, role: string, password: string): Promise<void> {
  const url = new URL(database_url);
  url.username = role;
  url.password = password;
  const client = new pg.Client({ connectionString: url.href, connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
  } catch (thrown) {
    if ((thrown as { code?: string }).code !== '28P01') throw thrown;
    throw new SetUpError(
      `${where}: the role ${role} is there with another password than this folder keeps, so it is another system's. Nothing was changed.`,
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}
