/** A starved machine may lose the set-up's session; what it does is done again, and nothing else is. */
import { CountersignError } from '@countersign/contracts/errors';
import { roleOf, SERVICES } from '@countersign/contracts/ledger-entry';
import { asService } from '@countersign/infra/development-environment';
import type { DevelopmentKeys } from '@countersign/infra/development-keys';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../../harness/create-database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database?.drop());

async function setUp(act: (tries: number) => unknown): Promise<number> {
  const { role_password } = inject('test_stack');
  const role_passwords = Object.fromEntries(SERVICES.map((service) => [roleOf(service), role_password]));
  let tries = 0;
  await asService(database.admin_url, { role_passwords } as DevelopmentKeys, 'ingress', (own) =>
    own.transaction(async (tx) => {
      await tx.query('SELECT 1');
      tries += 1;
      act(tries);
      if (tries === 1) await tx.query(`SELECT pg_terminate_backend(pg_backend_pid())`);
    }),
  );
  return tries;
}

test('a session that was lost in the midst of it is another one', async () => {
  expect(await setUp(() => undefined)).toBe(2);
});

test('also where what it did says in its own words what was lost', async () => {
  const lost = new Error('the folder', { cause: new CountersignError('database_unavailable') });
  expect(
    await setUp((tries) => {
      if (tries === 1) throw lost;
    }),
  ).toBe(2);
});

test('what was refused is not asked again', async () => {
  let asked = 0;
  const refused = setUp(() => {
    asked += 1;
    throw new CountersignError('field_invalid');
  });
  await expect(refused).rejects.toMatchObject({ code: 'field_invalid' });
  expect(asked).toBe(1);
});
