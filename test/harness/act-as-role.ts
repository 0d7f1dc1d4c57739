/**
 * Acts once as one of the services' Postgres roles, with nothing but that role's rights, as an operator's tool would.
 */

import type { SWITCH_KINDS } from '@countersign/contracts/control';
import { roleOf, type ServiceName } from '@countersign/contracts/ledger-entry';
import { asService, urlForRole } from '@countersign/infra/development-environment';
import { publishDevelopmentPolicy } from '@countersign/infra/publish-development-policy';
import { connectDatabase, type Database, type Tx } from '@countersign/platform/database';
import type { TestSystem } from './start-system.ts';

export type Stop = { kind: (typeof SWITCH_KINDS)[number]; target: string };

export const APART: Stop = { kind: 'topic', target: 'job.*.nowhere.at.all' };

/** In one transaction. */
export function actAs<T>(system: TestSystem, service: ServiceName, act: (tx: Tx) => Promise<T>): Promise<T> {
  return withDatabaseAs(system, service, (database) => database.transaction(act));
}

/** Resolves when the change has committed: from then on nothing may be decided under the old state. */
export function setSwitch(
  system: TestSystem,
  switch_id: string,
  { kind, target }: Stop,
  on: boolean,
): Promise<unknown> {
  return actAs(system, 'scheduler', (tx) =>
    tx.query(`SELECT control.set_switch($1, $2, $3, NULL, $4, 'tried by a test')`, [switch_id, kind, target, on]),
  );
}

/**
 * A stop that means no job and might mean any, so that each is looked at: a result is then screened and its job ended in
 * two steps of two services, as whatever fails, waits or is stopped is always.
 */
export function keepEndsApart(system: TestSystem, on: boolean): Promise<unknown> {
  return setSwitch(system, 'apart', APART, on);
}

/** Publishes this folder as the next version, over HTTP as its admin would, and resolves when it is the active one. */
export async function publishPolicy(system: TestSystem, folder: string): Promise<void> {
  const post = async (path: string, body: unknown): Promise<void> => {
    const answer = await system.api('admin', 'POST', `/api/v1/policy/bundles${path}`, body);
    if (answer.status >= 300) throw new Error(`publishing answered ${answer.status} ${JSON.stringify(answer.body)}`);
  };
  const door = {
    publish: (document: string) => post('', JSON.parse(document)),
    activate: (version: number, scope: string) => post(`/${version}/activate`, { scope }),
  };
  // In no transaction: the door has its own, and one that waits for it would be ended as idle.
  await asService(system.admin_url, system.keys, 'policy-kernel', (database) =>
    publishDevelopmentPolicy(database, door, system.keys, folder),
  );
}

async function withDatabaseAs<T>(
  system: TestSystem,
  service: ServiceName,
  act: (database: Database) => Promise<T>,
): Promise<T> {
  const role = roleOf(service);
  const url = urlForRole(system.admin_url, role, system.keys.role_passwords[role]!);
  const database = connectDatabase({ url, pool: 1, name: 'test' });
  try {
    return await act(database);
  } finally {
    await database.close();
  }
}
