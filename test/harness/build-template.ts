// Migrates one database for the whole run; every test file gets a copy of it (create-database.ts).
import { existsSync } from 'node:fs';
import pg from 'pg';

export const TEMPLATE_DATABASE = 'countersign_template';
const MIGRATE = new URL('../../infra/postgres/migrate.ts', import.meta.url);

export async function buildTemplate(admin_url: string, role_password: string): Promise<void> {
  const url = databaseUrl(admin_url, TEMPLATE_DATABASE);
  await withClient(admin_url, (client) => client.query(`create database ${TEMPLATE_DATABASE}`));
  if (existsSync(MIGRATE)) {
    const { migrate } = (await import(MIGRATE.href)) as { migrate: (admin_url: string) => Promise<void> };
    await migrate(url);
  }
  await withClient(admin_url, (client) => setRolePasswords(client, role_password));
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

async function setRolePasswords(client: pg.Client, password: string): Promise<void> {
  const { rows } = await client.query<{ rolname: string }>(
    `select rolname from pg_roles where rolcanlogin and not rolsuper and rolname !~ '^pg_'`,
  );
  for (const { rolname } of rows) {
    await client.query(`alter role ${client.escapeIdentifier(rolname)} password ${client.escapeLiteral(password)}`);
  }
}
