/** Migrates one database for the whole run; every test file gets a copy of it (create-database.ts). */
import { migrate } from '@countersign/infra/postgres/migrate';
import { createRoles, LOGIN_ROLES } from '@countersign/infra/postgres/roles';
import pg from 'pg';

export const TEMPLATE_DATABASE = 'countersign_template';

export async function buildTemplate(admin_url: string, role_password: string): Promise<void> {
  const url = databaseUrl(admin_url, TEMPLATE_DATABASE);
  await withClient(admin_url, (client) => client.query(`create database ${TEMPLATE_DATABASE}`));
  await createRoles(admin_url, Object.fromEntries(LOGIN_ROLES.map((role) => [role, role_password])));
  await migrate(url);
}

/** The same server and user, another database. */
export function databaseUrl(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

export async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
