// Acts once as one of the services' Postgres roles, with nothing but that role's rights, as an operator's tool would.

import type { SWITCH_KINDS } from '@countersign/contracts/control';
import { roleOf, type ServiceName } from '@countersign/contracts/ledger-entry';
import { urlForRole } from '@countersign/infra/development-environment';
import { publishDevelopmentPolicy } from '@countersign/infra/publish-development-policy';
import { waitUntil } from '@countersign/infra/wait-until';
import { connectDatabase, type Tx } from '@countersign/platform/database';
import type { TestSystem } from './start-system.ts';

export async function actAs<T>(system: TestSystem, service: ServiceName, act: (tx: Tx) => Promise<T>): Promise<T> {
  const role = roleOf(service);
  const url = urlForRole(system.admin_url, role, system.keys.role_passwords[role]!);
  const database = connectDatabase({ url, pool: 1, name: 'test' });
  try {
    return await database.transaction(act);
  } finally {
    await database.close();
  }
}

export type Stop = { kind: (typeof SWITCH_KINDS)[number]; target: string };

/** Resolves when the change has committed: from then on nothing may be decided under the old state. */
export const setSwitch = (
  system: TestSystem,
  switch_id: string,
  { kind, target }: Stop,
  on: boolean,
): Promise<unknown> =>
  actAs(system, 'scheduler', (tx) =>
    tx.query(`SELECT control.set_switch($1, $2, $3, NULL, $4, 'tried by a test')`, [switch_id, kind, target, on]),
  );

/**
 * A stop that means no job and might mean any, so that each is looked at: a result is then screened and its job ended in
 * two steps of two services, as whatever fails, waits or is stopped is always.
 */
export const keepEndsApart = (system: TestSystem, on: boolean): Promise<unknown> =>
  setSwitch(system, 'apart', APART, on);
export const APART: Stop = { kind: 'topic', target: 'job.*.nowhere.at.all' };

/** Publishes this folder as the next version and waits until it is the active one. */
export async function publishPolicy(system: TestSystem, folder: string): Promise<void> {
  const epoch = async (): Promise<number> => {
    const [row] = await system.sql<{ epoch: number }>('SELECT max(epoch)::int AS epoch FROM control.policies');
    return row!.epoch;
  };
  const before = await epoch();
  await actAs(system, 'policy-kernel', (tx) => publishDevelopmentPolicy(tx, system.keys, folder));
  await waitUntil('the new policy is active', async () => (await epoch()) > before);
}
