/**
 * The cluster's roles: one login per service and the owner of the functions that act across services, which nobody can
 * log in as. It makes and re-keys them, and never gives a role more than the right to log in.
 */
import { roleOf, SERVICES } from '@countersign/contracts/ledger-entry';
import pg from 'pg';

export const LOGIN_ROLES: readonly string[] = SERVICES.map(roleOf);
/** Owns the SECURITY DEFINER functions. */
export const OWNER_ROLE = 'countersign_owner';

const NO_POWERS = 'NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS';

/**
 * Makes the roles that are missing and gives each login role its password, by name of the role. Can be repeated, also by
 * two callers at once. `adminUrl` is a superuser's.
 */
export async function createRoles(adminUrl: string, passwords: Readonly<Record<string, string>>): Promise<void> {
  const nameless = LOGIN_ROLES.find((role) => passwords[role] === undefined);
  if (nameless !== undefined) throw new TypeError(`no password for ${nameless}`);
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    // A failed statement would otherwise stand in the server's log with its password.
    await client.query('SET log_min_error_statement = panic');
    await client.query('BEGIN');
    // Roles belong to the whole cluster and advisory locks to one database: this catalogue is the cluster's too.
    await client.query('LOCK TABLE pg_catalog.pg_authid IN SHARE ROW EXCLUSIVE MODE');
    const { rows } = await client.query<{ rolname: string }>('SELECT rolname FROM pg_roles');
    const existing = new Set(rows.map((row) => row.rolname));
    const verb = (role: string) => (existing.has(role) ? 'ALTER' : 'CREATE');
    await client.query(`${verb(OWNER_ROLE)} ROLE ${OWNER_ROLE} NOLOGIN ${NO_POWERS}`);
    for (const role of LOGIN_ROLES) {
      const password = client.escapeLiteral(passwords[role]!);
      await client.query(`${verb(role)} ROLE ${role} LOGIN ${NO_POWERS} PASSWORD ${password}`);
    }
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
}
