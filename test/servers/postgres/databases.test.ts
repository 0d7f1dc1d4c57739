/** Into which databases a role gets: a new one is open to everybody until somebody closes it. */
import { createDeskDatabase } from '@countersign/infra/start-example';
import { expect, inject, test } from 'vitest';
import { withClient } from '../../harness/build-template.ts';
import { createDatabase } from '../../harness/create-database.ts';

test('no role gets into a database that is not its own, whoever made it', async () => {
  const { admin_url } = inject('test_stack');
  await using own = await createDatabase();
  const desk_url = await createDeskDatabase(admin_url);
  const names = [new URL(own.admin_url), new URL(desk_url)].map(({ pathname }) => pathname.slice(1));
  const { rows } = await withClient(admin_url, (client) =>
    client.query<{ database: string; role: string }>(
      `SELECT datname AS database, rolname AS role FROM pg_database, pg_roles
        WHERE (datname = ANY ($1) OR datname = 'template1') AND NOT rolsuper AND datallowconn
          AND (rolname LIKE 'countersign%' OR rolname = 'support_desk')
          AND has_database_privilege(rolname, datname, 'CONNECT')`,
      [names],
    ),
  );
  const enters = (role: string): string[] => rows.filter((row) => row.role === role).map(({ database }) => database);
  expect(enters('support_desk')).toEqual([names[1]]);
  const services = new Set(rows.map(({ role }) => role).filter((role) => role !== 'support_desk'));
  expect([...services]).not.toContain('countersign_owner');
  expect(services.size).toBe(6);
  for (const service of services) expect(enters(service)).toEqual([names[0]]);
});
