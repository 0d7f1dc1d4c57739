/** A database of a test file's own, copied from the migrated template. */
import { randomBytes } from 'node:crypto';
import { prepareDatabase } from '@countersign/infra/postgres/migrate';
import { inject } from 'vitest';
import { databaseUrl, TEMPLATE_DATABASE, withClient } from './build-template.ts';

export type TestDatabase = AsyncDisposable & {
  /** Superuser, in this database. */
  admin_url: string;
  /** One of the services' roles, in this database. */
  url_for(role: string): string;
  /** Also ends the connections that are still open. */
  drop(): Promise<void>;
};

export async function createDatabase(): Promise<TestDatabase> {
  const { admin_url: server_url, role_password } = inject('test_stack');
  const name = `test_${randomBytes(8).toString('hex')}`;
  await withClient(server_url, (client) => client.query(`create database ${name} template ${TEMPLATE_DATABASE}`));
  const admin_url = databaseUrl(server_url, name);
  await withClient(admin_url, prepareDatabase);
  const drop = async (): Promise<void> => {
    await withClient(server_url, (client) => client.query(`drop database if exists ${name} with (force)`));
  };
  return {
    admin_url,
    url_for(role) {
      const url = new URL(admin_url);
      url.username = role;
      url.password = role_password;
      return url.href;
    },
    drop,
    [Symbol.asyncDispose]: drop,
  };
}
