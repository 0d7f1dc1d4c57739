/**
 * Makes an empty Postgres and a nats-server into a system, by the same functions as `npm start` and compose: roles, schema,
 * the first tenant and its admin, and a file of settings for each part. Can be repeated; what stands stays.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { PERMISSION_SETS, SYSTEM_PERMISSIONS } from '@countersign/contracts/permissions';
import { registerIdentities } from '@countersign/ingress/register-identities';
import { isTurnedAway } from '@countersign/platform/nats-connection';
import { asService } from '../development-environment.ts';
import { type DevelopmentKeys, loadDevelopmentKeys } from '../development-keys.ts';
import { PROVISIONER } from '../nats/permissions.ts';
import { retireStreams } from '../nats/retire-streams.ts';
import { migrate } from '../postgres/migrate.ts';
import { createRoles } from '../postgres/roles.ts';
import { SetUpError } from '../set-up-error.ts';
import type { InitOptions } from './init-options.ts';
import { requireOwnOrEmpty } from './look-at-database.ts';
import { writeSettings } from './write-settings.ts';

/** Nobody but services and the first admin: everybody else is registered over the API. */
const NOBODY = { workers: [], tenants: [], auditors: [] };

/** Answers what to tell a person, without any secret. Throws SetUpError before anything is changed, or where it stopped. */
export async function initSystem(options: InitOptions): Promise<string[]> {
  const { database_url, out } = options;
  const isNew = !existsSync(join(out, 'keys.json'));
  // A folder that keeps a system's keys is looked at first, so that what is refused leaves none behind.
  await requireOwnOrEmpty(database_url, isNew ? null : loadDevelopmentKeys(out, NOBODY).role_passwords);
  mkdirSync(out, { recursive: true, mode: 0o700 });
  // Kept before the first role is made: whatever stops this in the middle, the next run knows the passwords.
  const keys = loadDevelopmentKeys(out, NOBODY);
  const written = writeSettings(options, keys);
  await createRoles(database_url, keys.role_passwords);
  await migrate(database_url);
  await asService(database_url, keys, 'ingress', (database) =>
    database.transaction((tx) => registerIdentities(tx, firstIdentities(options, keys))),
  );
  return [
    `roles, schema, tenant ${options.tenant} and its admin ${options.admin} stand`,
    written.length === 0 ? `${out}: all files stood already` : `${out}: wrote ${written.join(', ')}`,
    await lookAtBus(options, keys),
  ];
}

function firstIdentities({ tenant, admin }: InitOptions, keys: DevelopmentKeys) {
  return {
    tenants: [tenant],
    principals: [{ type: 'human' as const, id: admin, tenant, groups: [] }],
    api_keys: [
      { principal: admin, key: keys.api_keys.admin, permissions: [...PERMISSION_SETS.admin, ...SYSTEM_PERMISSIONS] },
    ],
  };
}

/** Streams are made by the services that own them. What an earlier version left is taken away here. */
async function lookAtBus({ nats_url, out }: InitOptions, keys: DevelopmentKeys): Promise<string> {
  try {
    await retireStreams(nats_url, keys.nats[PROVISIONER]!.seed);
    return `nats-server at ${nats_url} knows this system`;
  } catch (thrown) {
    if (thrown instanceof SetUpError) throw thrown;
    if (isTurnedAway(thrown))
      throw new SetUpError(
        `nats-server at ${nats_url} does not know this system: start it with ${join(out, 'nats.conf')}, or include that file.`,
      );
    return `nats-server does not answer at ${nats_url} yet: start it with ${join(out, 'nats.conf')}`;
  }
}
