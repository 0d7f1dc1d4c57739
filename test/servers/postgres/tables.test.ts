/**
 * Each service's `tables.ts` says of the migrated database, as it is today, what its role may read or call and its code names.
 * `npm run tables` writes them.
 */
import { roleOf, SERVICES } from '@countersign/contracts/ledger-entry';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listFiles, readText } from '../../cases/structure/project-files.ts';
import { withClient } from '../../harness/build-template.ts';
import { createDatabase, type TestDatabase } from '../../harness/create-database.ts';
import { COLUMNS, type Column, ROUTINES, type Routine, renderTables } from '../../reference/render-tables.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

function renderedFor(role: string, isNamed = (_name: string): boolean => true): Promise<string> {
  return withClient(database.admin_url, async (client) => {
    const { rows: columns } = await client.query<Column>(COLUMNS, [role]);
    const { rows: routines } = await client.query<Routine>(ROUTINES, [role]);
    const named = columns.filter(({ table }) => isNamed(table));
    return renderTables(
      role,
      named,
      routines.filter(({ name }) => isNamed(name)),
    );
  });
}

/** What its queries and calls name: a quote, the name, and in a query perhaps what it is called there. */
function namesIn(service: string): ReadonlySet<string> {
  const files = listFiles(`services/${service}/src`, /(?<!^tables)\.ts$/);
  return new Set(
    files.flatMap((file) => [...readText(file).matchAll(/'(\w+\.\w+)(?= as |')/g)].map(([, name]) => name!)),
  );
}

test.each(SERVICES)('%s compiles against what it may read', async (service) => {
  const names = namesIn(service);
  const rendered = await renderedFor(roleOf(service), (name) => names.has(name));
  await expect(rendered).toMatchFileSnapshot(`../../../services/${service}/src/tables.ts`);
});

describe('a migration changes the file', () => {
  const COLUMN: Column = { table: 'a.b', name: 'c', type: 'text', nullable: true, check: null };

  test('when it renames a column, takes a right away or gives one, or lets null in', async () => {
    const before = await renderedFor('countersign_approval');
    const altered = async (sql: string) => {
      await withClient(database.admin_url, (client) => client.query(sql));
      return renderedFor('countersign_approval');
    };
    const renamed = await altered('ALTER TABLE approval.votes RENAME COLUMN comment TO remark');
    const narrowed = await altered('REVOKE SELECT ON scheduler.held FROM countersign_approval');
    const loosened = await altered('ALTER TABLE approval.approvals ALTER COLUMN topic DROP NOT NULL');
    const called = await altered('GRANT EXECUTE ON FUNCTION scheduler.outdated TO countersign_approval');
    expect(new Set([before, renamed, narrowed, loosened, called]).size).toBe(5);
    expect(narrowed).not.toContain('scheduler.held');
  });

  test('and a type that nobody decodes is refused', () => {
    expect(() => renderTables('a_role', [{ ...COLUMN, type: 'money' }], [])).toThrow(TypeError);
  });

  test('and a check of one column is its type', () => {
    const check = "CHECK ((c = ANY (ARRAY['x'::text, 'y'::text])))";
    expect(renderTables('a_role', [{ ...COLUMN, check }], [])).toContain("c: 'x' | 'y' | null;");
  });
});
