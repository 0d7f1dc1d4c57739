/**
 * Brings one database to the code's schema: every service's migrations in a fixed order, each once, each in its own
 * transaction. A migration that was applied never changes; a later one corrects it.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { ServiceName } from '@countersign/contracts/ledger-entry';
import pg from 'pg';
import { LOGIN_ROLES } from './roles.ts';

/** Evidence first, then identities, then the stages in the order of a job's walk: a grant names only what stands. */
const ORDER: readonly ServiceName[] = ['audit', 'ingress', 'policy-kernel', 'scheduler', 'approval', 'output-safety'];
const SERVICES_DIR = new URL('../../services/', import.meta.url);
const LOCK_KEY = 1279607882;

export type Migration = {
  /** `<service>/<file>`. */
  readonly name: string;
  readonly sql: string;
};

export class MigrationChangedError extends Error {
  override readonly name = 'MigrationChangedError';
  constructor(migration: string) {
    super(`${migration} has changed since it was applied; write a new migration instead`);
  }
}

/** The roles must exist (`roles.ts`). Waits for another migration of the same database. `adminUrl` is a superuser's. */
export async function migrate(adminUrl: string): Promise<void> {
  await applyMigrations(adminUrl, readMigrations());
}

export async function applyMigrations(adminUrl: string, migrations: readonly Migration[]): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    // Held to the end of the session, across the transactions.
    await client.query('SELECT pg_advisory_lock($1)', [LOCK_KEY]);
    await prepareDatabase(client);
    const applied = await readApplied(client);
    await followNames(client, migrations, applied);
    for (const migration of migrations) await applyOnce(client, migration, applied);
  } finally {
    await client.end();
  }
}

export function readMigrations(): Migration[] {
  return ORDER.flatMap((service) => {
    const dir = new URL(`${service}/migrations/`, SERVICES_DIR);
    if (!existsSync(dir)) return [];
    const files = readdirSync(dir).filter((file) => /^\d{3}-[a-z0-9-]+\.sql$/.test(file));
    return files.sort().map((file) => ({ name: `${service}/${file}`, sql: readFileSync(new URL(file, dir), 'utf8') }));
  });
}

/**
 * Takes from everybody what Postgres gives to everybody, so that a role has what a migration grants and nothing else.
 * A database made from a template needs it again: rights to a database are not copied.
 */
export async function prepareDatabase(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>('SELECT current_database() AS name');
  const database = client.escapeIdentifier(rows[0]!.name);
  await client.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
  await client.query(`GRANT CONNECT ON DATABASE ${database} TO ${LOGIN_ROLES.join(', ')}`);
  await client.query('REVOKE ALL ON SCHEMA public FROM PUBLIC');
  await client.query('ALTER DEFAULT PRIVILEGES REVOKE ALL ON FUNCTIONS FROM PUBLIC');
  await client.query(`CREATE TABLE IF NOT EXISTS public.countersign_migrations (
    name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`);
}

/** By name, with the SHA-256 of what was applied; empty where nothing was. */
export async function readApplied(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; sha256: string }>(
    'SELECT name, sha256 FROM public.countersign_migrations',
  );
  return new Map(rows.map((row) => [row.name, row.sha256]));
}

/** A file that was numbered anew is still the one that was applied: its content says so. */
async function followNames(
  client: pg.Client,
  migrations: readonly Migration[],
  applied: Map<string, string>,
): Promise<void> {
  const names = new Set(migrations.map(({ name }) => name));
  const gone = new Map([...applied].filter(([name]) => !names.has(name)).map(([name, sha256]) => [sha256, name]));
  for (const { name, sql } of migrations.filter((migration) => !applied.has(migration.name))) {
    const former = gone.get(digestOf(sql));
    if (former === undefined) continue;
    await client.query('UPDATE public.countersign_migrations SET name = $2 WHERE name = $1', [former, name]);
    applied.set(name, digestOf(sql));
  }
}

export function digestOf(sql: string): string {
  return createHash('sha256').update(sql).digest('hex');
}

async function applyOnce(client: pg.Client, { name, sql }: Migration, applied: Map<string, string>): Promise<void> {
  const sha256 = digestOf(sql);
  const before = applied.get(name);
  if (before === sha256) return;
  if (before !== undefined) throw new MigrationChangedError(name);
  await client.query('BEGIN');
  try {
    await client.query(sql);
    await client.query('INSERT INTO public.countersign_migrations (name, sha256) VALUES ($1, $2)', [name, sha256]);
    await client.query('COMMIT');
  } catch (cause) {
    await client.query('ROLLBACK');
    throw new Error(`${name} failed`, { cause });
  }
}
