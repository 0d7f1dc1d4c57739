/** Migrations on a server of their own database: once, in order, by one at a time, and never changed afterwards. */

import { randomBytes } from 'node:crypto';
import { roleOf, SERVICES } from '@countersign/contracts/ledger-entry';
import { applyMigrations, migrate } from '@countersign/infra/postgres/migrate';
import { createRoles, LOGIN_ROLES } from '@countersign/infra/postgres/roles';
import { functionsOf, readFunctions, readMigrations, recordedName } from '@countersign/infra/postgres/schema-files';
import { describe, expect, inject, test } from 'vitest';
import { databaseUrl, withClient } from '../../harness/build-template.ts';
import { createDatabase } from '../../harness/create-database.ts';

async function emptyDatabase(): Promise<AsyncDisposable & { url: string; rows(text: string): Promise<unknown[]> }> {
  const { admin_url } = inject('test_stack');
  const name = `empty_${randomBytes(8).toString('hex')}`;
  await withClient(admin_url, (client) => client.query(`CREATE DATABASE ${name}`));
  const url = databaseUrl(admin_url, name);
  return {
    url,
    rows: async (text) => (await withClient(url, (client) => client.query(text))).rows,
    [Symbol.asyncDispose]: async () => {
      await withClient(admin_url, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
    },
  };
}

function migration(name: string, sql: string) {
  return { name, sql };
}

describe('migrate', () => {
  test('applies every service from nothing, evidence first, and again changes nothing', async () => {
    await using database = await emptyDatabase();
    await Promise.all([migrate(database.url), migrate(database.url)]);
    const applied = 'SELECT name, applied_at FROM public.countersign_migrations ORDER BY applied_at, name';
    const before = await database.rows(applied);
    const names = before.map((row) => (row as { name: string }).name);
    expect(names).toEqual([...readMigrations().map(({ name }) => name), ...readFunctions().map(recordedName).sort()]);
    await migrate(database.url);
    expect(await database.rows(applied)).toEqual(before);
  });

  test('reads a folder of every service that has one', () => {
    const names = readMigrations().map(({ name }) => name.split('/')[0]);
    expect(names[0]).toBe('audit');
    expect(new Set(names)).toEqual(new Set(SERVICES));
  });

  test('numbers the migrations of each service without a gap, and each once', () => {
    for (const [service, files] of Map.groupBy(readMigrations(), ({ name }) => name.split('/')[0]!)) {
      const numbers = files.map(({ name }) => Number(name.split('/')[1]!.slice(0, 3)));
      expect(numbers, service).toEqual(numbers.map((_, i) => i + 1));
    }
  });

  test('knows a migration that was numbered anew by its content, and applies it no second time', async () => {
    await using database = await emptyDatabase();
    const [first, second] = ['CREATE TABLE public.a ()', 'CREATE TABLE public.b ()'];
    await applyMigrations(database.url, [migration('a/001-a', first), migration('a/001-b', second)]);
    const anew = [migration('a/001-a', first), migration('a/002-b', second)];
    await applyMigrations(database.url, anew);
    await applyMigrations(database.url, anew);
    expect(await database.rows('SELECT name FROM public.countersign_migrations ORDER BY name')).toEqual([
      { name: 'a/001-a' },
      { name: 'a/002-b' },
    ]);
    const changed = applyMigrations(database.url, [anew[0]!, migration('a/002-b', 'CREATE TABLE public.c ()')]);
    await expect(changed).rejects.toThrow('a/002-b has changed');
  });

  test('refuses a migration that has changed since, and applies none after it', async () => {
    await using database = await emptyDatabase();
    await applyMigrations(database.url, [migration('a/001', 'CREATE TABLE public.a ()')]);
    const changed = applyMigrations(database.url, [
      migration('a/001', 'CREATE TABLE public.a (id int)'),
      migration('a/002', 'CREATE TABLE public.b ()'),
    ]);
    await expect(changed).rejects.toThrow('a/001 has changed');
    expect(await database.rows(`SELECT to_regclass('public.b') AS b`)).toEqual([{ b: null }]);
  });

  test('a migration that fails leaves nothing of itself, and everything before it', async () => {
    await using database = await emptyDatabase();
    const broken = [
      migration('a/001', 'CREATE TABLE public.a ()'),
      migration('a/002', 'CREATE TABLE public.b (); SELECT 1 / 0'),
    ];
    await expect(applyMigrations(database.url, broken)).rejects.toThrow('a/002 failed');
    expect(
      await database.rows(`SELECT to_regclass('public.a')::text AS a, to_regclass('public.b')::text AS b`),
    ).toEqual([{ a: 'a', b: null }]);
    await applyMigrations(database.url, [broken[0]!, migration('a/002', 'CREATE TABLE public.b ()')]);
    expect(await database.rows(`SELECT to_regclass('public.b')::text AS b`)).toEqual([{ b: 'b' }]);
  });

  test('functions: together, in whatever order, anew at each revision, never changed within one', async () => {
    await using database = await emptyDatabase();
    const one = (revision: number, text: string) =>
      functionsOf(
        'a/src/one.sql',
        `-- Revision ${revision}.
        CREATE OR REPLACE FUNCTION public.one() RETURNS int LANGUAGE sql AS $$ ${text} $$;`,
      );
    const two = functionsOf(
      'a/src/two.sql',
      `-- Revision 1.
      CREATE OR REPLACE FUNCTION public.two() RETURNS int LANGUAGE sql AS $$ SELECT 2 $$;`,
    );
    const apply = (...functions: Parameters<typeof applyMigrations>[2] & {}) =>
      applyMigrations(database.url, [], functions);
    await expect(apply(one(1, 'SELECT nobody()'), two)).rejects.toThrow('a/src/one.sql failed');
    expect(await database.rows(`SELECT to_regproc('public.two') AS two`)).toEqual([{ two: null }]);
    await apply(one(1, 'SELECT public.two()'), two);
    expect(await database.rows('SELECT public.one()')).toEqual([{ one: 2 }]);
    await expect(apply(one(1, 'SELECT 3'))).rejects.toThrow('a/src/one.sql has changed since it was applied; raise');
    await apply(one(10, 'SELECT 4'), two);
    await apply(one(9, 'SELECT 5'), two);
    expect(await database.rows('SELECT public.one()')).toEqual([{ one: 4 }]);
    const recorded = 'SELECT name FROM public.countersign_migrations ORDER BY name';
    expect(await database.rows(recorded)).toEqual([{ name: 'a/src/one.sql@10' }, { name: 'a/src/two.sql@1' }]);
  });

  test('lets only the services in, and gives nobody a place for tables or functions of their own', async () => {
    await using database = await emptyDatabase();
    await migrate(database.url);
    const rows = await database.rows(
      `SELECT DISTINCT grantee::regrole::text AS grantee, privilege_type
       FROM pg_database, aclexplode(datacl) WHERE datname = current_database() AND grantee <> datdba`,
    );
    expect(rows.map((row) => Object.values(row as object).join(' ')).sort()).toEqual(
      LOGIN_ROLES.map((role) => `${role} CONNECT`).sort(),
    );
  });
});

describe('createRoles', () => {
  const passwords = (password: string) => Object.fromEntries(SERVICES.map((service) => [roleOf(service), password]));

  test('can be repeated, by several at once, and everybody still gets in', async () => {
    await using database = await createDatabase();
    const { admin_url, role_password } = inject('test_stack');
    // The roles are the whole cluster's: other tests run under these passwords meanwhile.
    await Promise.all([1, 2, 3].map(() => createRoles(admin_url, passwords(role_password))));
    for (const role of LOGIN_ROLES) {
      expect(await withClient(database.url_for(role), async (client) => client.user)).toBe(role);
    }
  });

  test('refuses to leave a role without a password', async () => {
    const { countersign_audit: _, ...rest } = passwords('x');
    await expect(createRoles(inject('test_stack').admin_url, rest)).rejects.toThrow('countersign_audit');
  });
});
