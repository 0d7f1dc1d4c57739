/** Each service's `tables.ts` says what its role may read of the migrated database, today. `npm run tables` writes them. */
import { roleOf, SERVICES } from '@countersign/contracts/ledger-entry';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withClient } from '../../harness/build-template.ts';
import { createDatabase, type TestDatabase } from '../../harness/create-database.ts';
import { COLUMNS, type Column, renderTables } from '../../reference/render-tables.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const columnsOf = (role: string): Promise<Column[]> =>
  withClient(database.admin_url, async (client) => (await client.query<Column>(COLUMNS, [role])).rows);

test.each(SERVICES)('%s compiles against what it may read', async (service) => {
  const text = renderTables(roleOf(service), await columnsOf(roleOf(service)));
  await expect(text).toMatchFileSnapshot(`../../../services/${service}/src/tables.ts`);
});

describe('a migration changes the file', () => {
  const COLUMN: Column = { table: 'a.b', name: 'c', type: 'text', nullable: true, check: null };

  test('when it renames a column, takes a right away, or lets null in', async () => {
    const before = renderTables('countersign_approval', await columnsOf('countersign_approval'));
    const altered = async (sql: string) => {
      await withClient(database.admin_url, (client) => client.query(sql));
      return renderTables('countersign_approval', await columnsOf('countersign_approval'));
    };
    const renamed = await altered('ALTER TABLE approval.votes RENAME COLUMN comment TO remark');
    const narrowed = await altered('REVOKE SELECT ON scheduler.held FROM countersign_approval');
    const loosened = await altered('ALTER TABLE approval.approvals ALTER COLUMN topic DROP NOT NULL');
    expect(new Set([before, renamed, narrowed, loosened]).size).toBe(4);
    expect(narrowed).not.toContain('scheduler.held');
  });

  test('and a type that nobody decodes is refused', () => {
    expect(() => renderTables('a_role', [{ ...COLUMN, type: 'money' }])).toThrow(TypeError);
  });

  test('and a check of one column is its type', () => {
    const check = "CHECK ((c = ANY (ARRAY['x'::text, 'y'::text])))";
    expect(renderTables('a_role', [{ ...COLUMN, check }])).toContain("c: 'x' | 'y' | null;");
  });
});
