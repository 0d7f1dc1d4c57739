/** `countersign-admin doctor`: what only who keeps the folder of keys and a superuser can see of a system. Changes nothing. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '@countersign/contracts/finding';
import type { DevelopmentKeys } from '../../development-keys.ts';
import { PROVISIONER } from '../../nats/permissions.ts';
import { SetUpError } from '../../set-up-error.ts';
import { lookAtBus } from './look-at-bus.ts';
import { lookAtFolder } from './look-at-folder.ts';
import { lookAtPostgres } from './look-at-postgres.ts';

/** Throws SetUpError for a folder that keeps no system. No finding holds a secret. */
export async function examineSystem(from: { database_url: string; nats_url: string; out: string }): Promise<Finding[]> {
  const path = join(from.out, 'keys.json');
  if (!existsSync(path))
    throw new SetUpError(`${from.out} keeps no system: give the folder of \`countersign-admin init\``);
  const { seed } = (JSON.parse(readFileSync(path, 'utf8')) as DevelopmentKeys).nats[PROVISIONER]!;
  const { findings, tenants } = await lookAtPostgres(from.database_url);
  return [...findings, ...(await lookAtBus(from.nats_url, seed, tenants)), ...(await lookAtFolder(from.out))];
}
