/**
 * Brings one database to the code's schema: every service's migrations in a fixed order, each once, each in its own
 * transaction; then the functions that are no more as a migration made them. A migration that was applied
 * never changes; a later one corrects it.
 */
import pg from 'pg';
import { LOGIN_ROLES } from './roles.ts';
import {
  digestOf,
  type Migration,
  readFunctions,
  readMigrations,
  recordedName,
  type SqlFunctions,
  standingOf,
} from './schema-files.ts';

const LOCK_KEY = 1279607882;

class MigrationChangedError extends Error {
  override readonly name = 'MigrationChangedError';
  constructor(file: string, instead: string) {
    super(`${file} has changed since it was applied; ${instead}`);
  }
}

/** The roles must exist (`roles.ts`). Waits for another migration of the same database. `adminUrl` is a superuser's. */
export async function migrate(adminUrl: string): Promise<void> {
  await applyMigrations(adminUrl, readMigrations(), readFunctions());
}

export async function applyMigrations(
  adminUrl: string,
  migrations: readonly Migration[],
  functions: readonly SqlFunctions[] = [],
): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    // Held to the end of the session, across the transactions.
    await client.query('SELECT pg_advisory_lock($1)', [LOCK_KEY]);
    await prepareDatabase(client);
    const applied = await readApplied(client);
    await followNames(client, [...migrations, ...functions], applied);
    for (const migration of migrations) await applyOnce(client, migration, applied);
    await applyFunctions(client, functions, applied);
  } finally {
    await client.end();
  }
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

/** A file that was numbered anew or moved is still the one that was applied: its content says so. */
async function followNames(
  client: pg.Client,
  files: readonly (Migration | SqlFunctions)[],
  applied: Map<string, string>,
): Promise<void> {
  const names = new Set(files.map(recordedName));
  const gone = new Map([...applied].filter(([name]) => !names.has(name)).map(([name, sha256]) => [sha256, name]));
  for (const file of files.filter((each) => !applied.has(recordedName(each)))) {
    const former = gone.get(digestOf(file.sql));
    if (former === undefined) continue;
    await client.query('UPDATE public.countersign_migrations SET name = $2 WHERE name = $1', [
      former,
      recordedName(file),
    ]);
    applied.set(recordedName(file), digestOf(file.sql));
  }
}

async function applyOnce(client: pg.Client, migration: Migration, applied: Map<string, string>): Promise<void> {
  const { name, sql } = migration;
  const standing = standingOf(migration, applied);
  if (standing === 'changed') throw new MigrationChangedError(name, 'write a new migration instead');
  if (standing === 'applied') return;
  await inTransaction(client, async () => {
    await run(client, name, sql);
    await record(client, migration);
  });
}

/**
 * All that are due in one transaction, because they call each other; and twice, because the order of files says nothing of that:
 * first without a look at what they name. A later release's stay: a machine of before must not undo what they check.
 */
async function applyFunctions(
  client: pg.Client,
  functions: readonly SqlFunctions[],
  applied: ReadonlyMap<string, string>,
): Promise<void> {
  const changed = functions.find((file) => standingOf(file, applied) === 'changed');
  if (changed !== undefined) throw new MigrationChangedError(changed.name, 'raise its revision');
  const due = functions.filter((file) => standingOf(file, applied) === 'missing');
  if (due.length === 0) return;
  await inTransaction(client, async () => {
    for (const checks of ['off', 'on']) {
      await client.query(`SET LOCAL check_function_bodies = ${checks}`);
      for (const { name, sql } of due) await run(client, name, sql);
    }
    for (const file of due) {
      await client.query(`DELETE FROM public.countersign_migrations WHERE starts_with(name, $1 || '@')`, [file.name]);
      await record(client, file);
    }
  });
}

async function inTransaction(client: pg.Client, work: () => Promise<void>): Promise<void> {
  await client.query('BEGIN');
  try {
    await work();
    await client.query('COMMIT');
  } catch (cause) {
    await client.query('ROLLBACK');
    throw cause;
  }
}

async function run(client: pg.Client, name: string, sql: string): Promise<void> {
  try {
    await client.query(sql);
  } catch (cause) {
    throw new Error(`${name} failed`, { cause });
  }
}

async function record(client: pg.Client, file: Migration | SqlFunctions): Promise<void> {
  const row = [recordedName(file), digestOf(file.sql)];
  await client.query('INSERT INTO public.countersign_migrations (name, sha256) VALUES ($1, $2)', row);
}
